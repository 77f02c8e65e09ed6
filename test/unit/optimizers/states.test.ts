import { describe, expect, it } from 'vitest';
import { statesIn } from '../../../src/domain/stack.ts';
import type { LocalShape } from '../../../src/layers/local-shape.ts';
import { matrix, vector } from '../../../src/layers/weight.ts';
import { optimizerOf } from '../../../src/optimizers/index.ts';
import { stepBytes } from '../../../src/optimizers/step-bytes.ts';
import { type ChosenOptimizer, parseOptimizer } from '../../../src/plan-text/optimizer-text.ts';

const MIXED = { weights: 2, gradients: 4, master: 4, moment: 4 };
const SQUARE = matrix({ part: 'attention', rows: 4096, columns: 4096 });
const WIDE = matrix({ part: 'mlpDense', rows: 4096, columns: 14336 });
const NORM = vector('norm', 4096);
const SMALL = vector('norm', 128);
const TABLE = matrix({ part: 'embedding', rows: 128256, columns: 4096, role: 'embedding' });

function chosen(text: string): ChosenOptimizer {
  const one = parseOptimizer(text);
  if ('message' in one) throw new Error(one.message);
  return one;
}

function bytes(text: string, weight = SQUARE): number {
  const { optimizer, optimizerOptions = {} } = chosen(text);
  const state = statesIn({ precision: 'bf16', optimizerOptions }, MIXED);
  return optimizerOf(optimizer).stateBytes(weight, state, optimizerOptions);
}

function moved(text: string): number {
  const { optimizer, optimizerOptions = {} } = chosen(text);
  // The figure of AdamW at 30 B: what is left is counted by hand.
  const c = { optimizerBytes: 30 } as Parameters<typeof stepBytes>[4];
  return stepBytes(optimizerOf(optimizer), SQUARE, { precision: 'bf16', optimizerOptions }, MIXED, c);
}

describe('bytes of states for each parameter, masters included', () => {
  it.each([
    ['adamw', 12],
    ['adamw,moments=bf16', 8],
    ['adamw,moments=fp8/bf16', 7],
    ['adamw,master=fp16,moments=fp8', 4],
    ['adamw,master=none', 4],
    ['adamw-8bit', 4 + 2 + 8 / 256],
    ['adamw-8bit,master=none', 2.03125],
    ['adafactor,master=none', (4 * 2) / 4096],
    ['adafactor', 4 + 8 / 4096],
    ['adafactor,momentum=on', 8 + 8 / 4096],
    ['lion', 8],
    ['sgd', 8],
    ['sgd,momentum=off', 4],
    ['muon', 8],
    // 12 + 8·(r/c + c/r)
    ['soap', 28],
  ])('%s: %d of a square matrix', (text, expected) => expect(bytes(text)).toBeCloseTo(expected, 9));

  it('follow the shape of a weight', () => {
    expect(bytes('soap', WIDE)).toBeCloseTo(12 + 8 * (4096 / 14336 + 14336 / 4096), 9);
    expect(bytes('adafactor', WIDE)).toBeCloseTo(4 + (4 * (4096 + 14336)) / (4096 * 14336), 9);
    expect(bytes('adafactor', NORM)).toBe(8);
  });

  it.each(['muon', 'soap', 'lion,rest=adamw'])('%s leaves embeddings and vectors to AdamW', (text) => {
    expect(bytes(text, TABLE)).toBe(12);
    expect(bytes(text, NORM)).toBe(12);
  });

  it('muon may leave them to Lion', () => expect(bytes('muon,rest=lion', TABLE)).toBe(8));

  it('keep fp32 moments of weights below 4,096 elements', () => {
    expect(bytes('adamw-8bit', SMALL)).toBe(12);
    expect(bytes('adamw-8bit', NORM)).toBeCloseTo(6.03125, 9);
  });
});

describe('gradients of a stack that keeps others in bf16', () => {
  const state = { ...MIXED, gradients: 2, bf16Gradients: 6 };
  it.each([
    ['bf16', 6],
    ['fp8', 6],
    ['fp16', 2],
    ['fp32', 4],
  ] as const)('%s: %d B', (precision, expected) =>
    expect(statesIn({ precision }, state).gradients).toBe(expected),
  );

  it('are as the workload has them where it says so', () =>
    expect(statesIn({ precision: 'bf16', optimizerOptions: { gradients: 'fp32' } }, state).gradients).toBe(
      4,
    ));
});

describe('HBM bytes that a step moves', () => {
  it.each([
    ['adamw', 30],
    ['adamw,moments=bf16', 22],
    ['lion', 22],
    // 2·(2 + 2) + gradient 2 + weights read and written 4
    ['adamw,master=none', 14],
    // The gradient and both moments in fp32 between, written and read.
    ['adamw-8bit', 2 * 6.03125 + 4 + 2 + 2 * 12],
    ['sgd,momentum=off', 14],
  ])('%s: %d', (text, expected) => expect(moved(text)).toBeCloseTo(expected, 9));
});

describe('Newton-Schulz steps', () => {
  const LOCAL = {
    tensorParallel: 4,
    expertParallel: 1,
    expertTensorParallel: 1,
  } as LocalShape;
  const flops = (text: string, local: LocalShape, weight = WIDE) => {
    const { optimizer, optimizerOptions = {} } = chosen(text);
    const { items, gemms } = optimizerOf(optimizer).whole!(weight, optimizerOptions, local)!;
    return items * gemms.reduce((sum, { m, n, k, times }) => sum + 2 * m * n * k * times, 0);
  };
  const alone = { ...LOCAL, tensorParallel: 1 };
  const [r, c] = [4096, 14336];

  it('take S·(4r²c + 2r³) FLOPs of a matrix', () => {
    expect(flops('muon', alone)).toBe(5 * (4 * r ** 2 * c + 2 * r ** 3));
    expect(flops('muon,steps=3', alone)).toBe(3 * (4 * r ** 2 * c + 2 * r ** 3));
  });

  it('of tensor-parallel ranks: all of it, a part, or their own part alone', () => {
    const local = c / 4;
    expect(flops('muon', LOCAL)).toBe(flops('muon', alone));
    expect(flops('muon,tp=distributed', LOCAL)).toBe(5 * (4 * r ** 2 * local + 2 * r ** 3));
    expect(flops('muon,tp=blockwise', LOCAL)).toBe(5 * (4 * local ** 2 * r + 2 * local ** 3));
  });

  it('work on matrices that stand side by side one by one', () => {
    const both = matrix({ part: 'attention', rows: r, columns: 2048, targets: ['k', 'v'] });
    expect(flops('muon', alone, both)).toBe(2 * 5 * (4 * 1024 ** 2 * r + 2 * 1024 ** 3));
  });

  it('leave vectors and embeddings alone', () => {
    expect(flops('muon', alone, NORM)).toBe(0);
  });
});
