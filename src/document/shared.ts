const names = new WeakMap<object, string>();

/** A shape that documents state once, under `$defs`, however often they use it: ajv then compiles it once. */
export function shared<const S extends object>(name: string, shape: S): S {
  names.set(shape, name);
  return shape;
}

/** The schema with its shared shapes as references. */
export function withReferences(schema: object): Readonly<Record<string, unknown>> {
  const $defs: Record<string, unknown> = {};
  const inner = (shape: object) =>
    Object.fromEntries(Object.entries(shape).map(([key, value]) => [key, referring(value)]));
  const referring = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(referring);
    if (typeof value !== 'object' || value === null) return value;
    const name = names.get(value);
    if (name === undefined) return inner(value);
    $defs[name] ??= inner(value);
    return { $ref: `#/$defs/${name}` };
  };
  const document = inner(schema);
  return Object.keys($defs).length === 0 ? document : { ...document, $defs };
}
