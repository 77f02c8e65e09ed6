import { describe, expect, it } from 'vitest';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { launcherOf } from '../../../src/frameworks/index.ts';
import { alignedElements, bucketElements, paddingLine } from '../../../src/optimizers/aligned-layout.ts';
import { type ChosenOptimizer, parseOptimizer } from '../../../src/plan-text/optimizer-text.ts';
import { problem } from '../../fixtures/problem.ts';
import { sourceOf } from '../../fixtures/source.ts';
import { ORIGIN, planned } from '../frameworks/fixture.ts';

type Shape = readonly [rows: number, columns: number];

const parameters = (shapes: readonly Shape[]) =>
  shapes.map(([m, n]) => ({ elements: m * n, cost: Math.max(m, n) * Math.min(m, n) ** 2 }));

/** Matrices of a layer of Llama-3.1-8B as Megatron has them. */
const LAYER: readonly Shape[] = [
  [4096, 6144],
  [4096, 4096],
  [4096, 28672],
  [14336, 4096],
];
const OWN = 218_103_808;
const layers = (n: number) => parameters(Array.from({ length: n }, () => LAYER).flat());

/** Lengths that _compute_per_buffer_param_layout of Megatron-LM@d98e8a6 gives, run on tensors of these shapes. */
const CASES: readonly (readonly [
  ranks: number,
  bucket: number | null,
  shapes: readonly Shape[],
  length: number,
])[] = [
  [
    8,
    300000,
    [
      [64, 96],
      [512, 96],
      [256, 1024],
      [256, 1024],
      [512, 300],
      [512, 96],
      [256, 64],
    ],
    2097152,
  ],
  [
    64,
    null,
    [
      [100, 96],
      [64, 96],
      [512, 96],
      [64, 96],
      [64, 96],
      [512, 1024],
      [100, 64],
      [64, 1024],
      [512, 300],
      [512, 64],
      [64, 96],
      [512, 64],
      [512, 1024],
    ],
    33554432,
  ],
  [
    2,
    1000000,
    [
      [256, 96],
      [512, 300],
      [512, 300],
      [64, 1024],
      [256, 1024],
      [64, 300],
      [100, 1024],
      [64, 1024],
      [256, 1024],
      [100, 1024],
      [256, 96],
      [256, 1024],
      [512, 96],
    ],
    1777664,
  ],
  [
    2,
    1000000,
    [
      [512, 96],
      [100, 64],
      [256, 64],
      [512, 64],
      [256, 1024],
      [64, 1024],
      [256, 1024],
      [512, 1024],
      [256, 64],
      [256, 300],
      [512, 300],
    ],
    1673216,
  ],
  [
    2,
    300000,
    [
      [512, 1024],
      [64, 1024],
      [64, 96],
      [512, 96],
      [64, 64],
      [512, 64],
      [100, 96],
      [256, 300],
      [512, 1024],
    ],
    1383168,
  ],
  [
    16,
    20000,
    [
      [512, 96],
      [256, 96],
      [64, 300],
      [64, 300],
      [64, 96],
      [256, 300],
      [256, 96],
      [512, 96],
    ],
    1228800,
  ],
  [
    64,
    null,
    [
      [100, 96],
      [100, 300],
      [256, 64],
      [100, 300],
      [512, 300],
      [256, 300],
      [100, 64],
    ],
    9830400,
  ],
  [
    3,
    20000,
    [
      [512, 64],
      [64, 64],
      [512, 1024],
      [64, 300],
      [512, 96],
      [100, 300],
      [512, 300],
      [512, 300],
      [256, 1024],
      [512, 64],
      [512, 1024],
      [64, 300],
      [100, 64],
      [256, 96],
    ],
    2362752,
  ],
];

describe('the aligned layout of matrices', () => {
  it.each(CASES)("is Megatron's: %d ranks, buckets of %s", (ranks, bucket, shapes, length) => {
    expect(alignedElements(parameters(shapes), ranks, bucket)).toBe(length);
  });

  it.each([
    [8, null, 1],
    [64, null, 1.0769],
    [64, 64e6, 1.0769],
    [128, 128e6, 2.1538],
  ])(
    'of 32 layers of 8B over %d ranks in buckets of %s is %d times what they have',
    (ranks, bucket, times) => {
      expect(alignedElements(layers(32), ranks, bucket) / (32 * OWN)).toBeCloseTo(times, 4);
    },
  );

  it.each([
    [8, 32],
    [64, 32],
    [64, 8],
    [128, 16],
  ])('over %d ranks lies on a line that no stage is above, and at %d layers on it', (ranks, usual) => {
    const line = paddingLine(parameters(LAYER), { most: 32, usual, ranks });
    const at = (n: number) => line.fixed + line.perLayer * n;
    for (let n = 1; n <= 32; n++) {
      const exact = [null, bucketElements(ranks)].map((bucket) => alignedElements(layers(n), ranks, bucket));
      expect(at(n)).toBeGreaterThanOrEqual(Math.max(...exact) - n * OWN - 1);
    }
    expect(at(usual)).toBeLessThan(ranks * 4096 * 28672 + 0.3 * usual * OWN);
  });
});

describe('an estimate with the aligned layout', () => {
  const on = (text: string) =>
    problem('llama-3.1-8b', 'dgx-h100-64', parseOptimizer(text) as ChosenOptimizer);
  const costed = (text: string, config: string) => estimate(on(text), planned(on(text), config));

  it.each([
    'dp=64,zero=1,micro-batch=1',
    'pp=4,dp=16,zero=1,micro-batch=1',
    'tp=2,pp=2,vpp=2,dp=16,zero=1,micro-batch=1',
  ])('has the padding of weights, gradients and states with %s, and sends gradients once', (config) => {
    for (const optimizer of ['muon', 'soap', 'lion,rest=adamw']) {
      const [plain, aligned] = [optimizer, `${optimizer},layout=aligned`].map((text) => costed(text, config));
      for (const [s, { memory }] of aligned!.stages.entries()) {
        expect(memory.deviceBytes).toBeGreaterThan(plain!.stages[s]!.memory.deviceBytes);
        expect(memory.allocated['buffer padding']).toBeGreaterThan(0);
      }
      expect(aligned!.time['gradient reduction']!).toBeLessThan(plain!.time['gradient reduction']!);
    }
  });

  it('has what the layout has, on 64 ranks: 7.7 % of weights and gradients', () => {
    const { memory } = costed('muon,layout=aligned', 'dp=64,zero=1,micro-batch=1').stages[0]!;
    const elements = alignedElements(layers(32), 64, null) - 32 * OWN;
    // Weights of 2 bytes, gradients of 4, and a 64th of states of 8.
    expect(memory.allocated['buffer padding']! / (elements * (2 + 4 + 8 / 64))).toBeCloseTo(1, 1);
  });

  it('needs none where nothing is shared out', () => {
    const { memory } = costed('muon,layout=aligned', 'tp=8,pp=8,dp=1,zero=0,micro-batch=1').stages[0]!;
    expect(memory.allocated['buffer padding'] ?? 0).toBe(0);
  });

  it.each(['muon', 'muon,layout=aligned'])('of %s is emitted to Megatron-LM, and read back', (text) => {
    const megatron = launcherOf('megatron')!;
    const [file] = megatron.render(on(text), planned(on(text), 'dp=64,zero=1,micro-batch=1'), ORIGIN);
    expect(file!.content.includes('--no-use-layer-wise-param-layout')).toBe(text === 'muon');
    const asked = megatron.reader!.read(sourceOf(file!.content, 'arguments.txt')).asked(64);
    expect(asked.optimizer).toBe(text);
    expect(asked.notes).toEqual([]);
  });
});
