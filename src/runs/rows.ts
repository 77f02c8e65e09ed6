import type { Row } from './row.ts';

/**
 * Parses JSON lines. A line that is no object is reported with file and line, never dropped silently; what a row lacks is
 * left empty, for the scorer to say.
 */
export function readRows(files: readonly { readonly path: string; readonly text: string }[]): {
  rows: Row[];
  problems: string[];
} {
  const rows: Row[] = [];
  const problems: string[] = [];
  for (const { path, text: content } of files) {
    for (const [i, line] of content.split('\n').entries()) {
      if (line.trim() === '') continue;
      try {
        const row = record(JSON.parse(line));
        if (row === null) {
          problems.push(`${path}:${i + 1}: no JSON object: skipped`);
          continue;
        }
        const part = (key: string) => record(row[key]) ?? {};
        rows.push({
          ...row,
          id: text(row.id) ?? `${path}:${i + 1}`,
          group: text(row.group) ?? 'ungrouped',
          model: part('model'),
          hardware: part('hardware'),
          config: part('config'),
          measured: part('measured'),
          stack: part('stack'),
          faults: part('faults'),
        } as unknown as Row);
      } catch (error) {
        problems.push(`${path}:${i + 1}: ${(error as Error).message}: skipped`);
      }
    }
  }
  return { rows, problems };
}

function record(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
