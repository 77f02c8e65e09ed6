/** A number that its reader wants as a float: `1.0`. */
interface Float {
  readonly float: number;
}

type Yaml = Float | string | number | boolean | null | readonly Yaml[] | { readonly [key: string]: Yaml };

/** Text that every YAML parser reads as `value`: strings in JSON's quotes, small numbers as `1.0e-8`, which YAML 1.1 asks for. */
export function yamlText(value: { readonly [key: string]: Yaml }): string {
  return `${linesOf(value).join('\n')}\n`;
}

function linesOf(value: { readonly [key: string]: Yaml }): string[] {
  return Object.entries(value).flatMap(([key, inner]) => {
    if (Array.isArray(inner) && inner.some((item) => typeof item === 'object' && item !== null))
      return [`${key}:`, ...inner.flatMap((item) => indented(linesOf(item as never), '- '))];
    if (typeof inner === 'object' && inner !== null && !Array.isArray(inner) && !('float' in inner))
      return [`${key}:`, ...indented(linesOf(inner as never), '  ')];
    return [`${key}: ${flow(inner)}`];
  });
}

function indented(lines: readonly string[], first: string): string[] {
  return lines.map((line, i) => (i === 0 ? `${first}${line}` : `  ${line}`));
}

function flow(value: Yaml): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value === 'number') return String(value).replace(/^(-?\d+)e/, '$1.0e');
  if (typeof value === 'object' && value !== null && 'float' in value)
    return (value as Float).float.toFixed(1);
  return JSON.stringify(value);
}
