import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { score } from '../../../src/accuracy/score.ts';
import { problemOf } from '../../../src/runs/problem.ts';
import type { Row } from '../../../src/runs/row.ts';
import { readRows } from '../../../src/runs/rows.ts';

const path = 'test/accuracy/runs.jsonl';
const { rows } = readRows([{ path, text: readFileSync(path, 'utf8') }]);
const measured = rows.find(({ measured: { peakMemory }, tier }) => peakMemory && tier === 'A')!;

function row(config: Partial<Row['config']>, stack: Partial<NonNullable<Row['stack']>> = {}): Row {
  return { ...measured, config: { ...measured.config, ...config }, stack: { ...measured.stack, ...stack } };
}

describe('the optimizer of a row', () => {
  it.each([
    [null, 'adamw', undefined],
    ['Adam', 'adamw', undefined],
    ['AdamW8bit', 'adamw-8bit', undefined],
    ['Muon', 'muon', undefined],
    ['adamw,moments=bf16', 'adamw', { moments: 'bf16' }],
  ])('%s', (named, optimizer, optimizerOptions) => {
    const { workload } = problemOf(row({ optimizer: named }), []);
    expect(workload.optimizer).toBe(optimizer);
    expect(workload.optimizerOptions).toEqual(optimizerOptions);
  });

  it('makes a row inexpressible where nothing estimates it', () =>
    expect(score(row({ optimizer: 'Shampoo' }))).toMatchObject({ status: 'inexpressible' }));

  it('changes what is predicted', () => {
    const bytes = (optimizer: string) => score(row({ optimizer })).memoryError!;
    expect(bytes('adamw-8bit')).toBeLessThan(bytes('adamw'));
    expect(bytes('sgd,momentum=off')).toBeLessThan(bytes('adamw-8bit'));
  });
});

describe('bytes of a parameter', () => {
  const stateOf = (stack: Partial<NonNullable<Row['stack']>>) => problemOf(row({}, stack), []).stack.state;

  it('are as the stack has them', () =>
    expect(stateOf({ name: 'megatron-core', gradDtype: null })).toEqual({
      weights: 2,
      gradients: 4,
      master: 4,
      moment: 4,
    }));

  it.each([
    [
      { weightBytes: 4, gradientBytes: 4, optimizerStateBytes: 8 },
      { weights: 4, gradients: 4, master: 4, moment: 2 },
    ],
    [{ optimizerStateBytes: 12 }, { weights: 2, gradients: 4, master: 4, moment: 4 }],
    [
      { weightBytes: 2, gradientBytes: 2, optimizerStateBytes: 4 },
      { weights: 2, gradients: 2, master: 0, moment: 2 },
    ],
  ])('%j', (stated, state) =>
    expect(stateOf({ name: 'megatron-core', gradDtype: null, ...stated })).toEqual(state),
  );

  // What backward made in bf16 lies beside the fp32 sums that a row names.
  it.each([
    [{ gradDtype: null }, 6],
    [{ gradDtype: 'fp32' }, 6],
    [{ gradDtype: 'fp32+bf16' }, 6],
    [{ gradDtype: 'bf16' }, 2],
    [{ gradDtype: 'fp32', gradientBytes: 4 }, 4],
  ])('of gradients in bf16 beside their sums: %j', (stated, bytes) =>
    expect(stateOf({ name: 'megatron-deepspeed-2022', ...stated }).bf16Gradients).toBe(bytes),
  );
});
