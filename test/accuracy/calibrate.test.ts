import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { mape } from '../../src/accuracy/metrics.ts';
import { calibrate } from '../../src/calibration/calibrate.ts';
import type { MeasuredRun } from '../../src/calibration/measured-run.ts';
import { runsOfRows } from '../../src/calibration/of-rows.ts';
import { calibrated } from '../../src/domain/calibrated.ts';
import { estimate } from '../../src/evaluate/estimate.ts';
import { readRows } from '../../src/runs/rows.ts';

const path = 'test/accuracy/runs.jsonl';
const { rows } = readRows([{ path, text: readFileSync(path, 'utf8') }]);

/** Every second run of one source, the first or the second of each two. */
function half(group: string, of: 0 | 1): MeasuredRun[] {
  const { runs } = runsOfRows(rows.filter((row) => row.group === group));
  return runs.filter(({ seconds }, i) => seconds !== null && i % 2 === of);
}

function errors(runs: readonly MeasuredRun[], by: ReturnType<typeof calibrate> | null): number {
  const off = runs.map(({ problem, plan, seconds }) => {
    const here = by === null ? problem : calibrated(problem, by.calibration);
    return estimate(here, plan).stepSeconds / seconds! - 1;
  });
  return mape(off)!;
}

/** A sweep of Megatron-LM on V100s, and the published runs of an engine of its own on consumer cards. */
describe.each(['dlperf-megatron', 'llmq'])('calibrated on half of a sweep: %s', (group) => {
  it.each([0, 1] as const)('the other half is estimated nearer (%i)', (of) => {
    const found = calibrate(group, half(group, of));
    const other = half(group, of === 0 ? 1 : 0);
    expect(found.calibration.factors.time).toBeDefined();
    expect(errors(other, found)).toBeLessThan(0.75 * errors(other, null));
  });
});

it('what the model was fitted to is left as it is', () => {
  const found = calibrate('korthikanti', [...half('korthikanti', 0), ...half('korthikanti', 1)]);
  expect(found.calibration.factors).toEqual({});
  expect(found.refused.time).toMatch(/come no nearer/);
});
