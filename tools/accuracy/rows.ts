import type { Row } from './row.ts';

/** Parses JSON lines. A line that is no row is reported with file and line, never dropped silently. */
export function readRows(files: readonly { readonly path: string; readonly text: string }[]): {
  rows: Row[];
  problems: string[];
} {
  const rows: Row[] = [];
  const problems: string[] = [];
  for (const { path, text } of files) {
    for (const [i, line] of text.split('\n').entries()) {
      if (line.trim() === '') continue;
      try {
        const row = JSON.parse(line) as Partial<Row>;
        if (!row.model || !row.hardware || !row.config)
          problems.push(`${path}:${i + 1}: no model, hardware or config: skipped`);
        else
          rows.push({
            ...row,
            id: row.id ?? `${path}:${i + 1}`,
            group: row.group ?? 'ungrouped',
            measured: row.measured ?? {},
          } as Row);
      } catch (error) {
        problems.push(`${path}:${i + 1}: ${(error as Error).message}: skipped`);
      }
    }
  }
  return { rows, problems };
}
