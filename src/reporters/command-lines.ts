const INDENT = '  ';

/**
 * A command to copy, lines ended by a backslash where it goes on. `units`: what stays on one line while it fits, already words
 * of bash. A longer one without quotes is cut after a comma or a slash, and goes on at the left edge: the shell joins both.
 */
export function commandLines(units: readonly string[], columns: number): string {
  const width = columns - 2;
  const lines: string[] = [];
  let line = '';
  for (const unit of units) {
    const joined = line === '' ? unit : `${line} ${unit}`;
    if (joined.length <= width) {
      line = joined;
      continue;
    }
    if (line !== '') lines.push(`${line} \\`);
    const parts = cut(line === '' && lines.length === 0 ? unit : INDENT + unit, width);
    lines.push(...parts.slice(0, -1).map((part) => `${part}\\`));
    line = parts.at(-1)!;
  }
  return [...lines, line].join('\n');
}

function cut(text: string, width: number): string[] {
  const at = text.length <= width || /['"]/.test(text) ? 0 : lastCut(text.slice(0, width));
  return at === 0 ? [text] : [text.slice(0, at), ...cut(text.slice(at), width)];
}

function lastCut(text: string): number {
  return Math.max(...[',', '/', '+', '@'].map((mark) => text.lastIndexOf(mark))) + 1;
}
