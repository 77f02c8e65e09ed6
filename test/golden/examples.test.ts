import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run } from '../fixtures/run.ts';

const FOLDER = 'configs/examples';

interface Row {
  readonly rank: number;
  readonly [figure: string]: unknown;
}

/** What a row says of its plan, and an estimate of it says again. */
const FIGURES = ['stepTimeSeconds', 'tokensPerSecond', 'mfu', 'time', 'stages', 'errorBand', 'plan'] as const;

it.each(readdirSync(FOLDER))('%s: a row read again has its numbers, to the last digit', async (name) => {
  const { plans } = JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as { plans: readonly Row[] };
  for (const row of plans) {
    const { code, out, err } = await run(['estimate', `${join(FOLDER, name)}#${row.rank}`, '--json'], {
      cwd: process.cwd(),
    });
    expect(code, err).toBe(0);
    const again = JSON.parse(out) as Row;
    for (const figure of FIGURES) expect(again[figure], figure).toEqual(row[figure]);
  }
});
