import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadModel } from '../../src/catalogue/models.ts';
import type { Problem } from '../../src/domain/problem.ts';
import { estimate } from '../../src/evaluate/estimate.ts';
import { flopsPerToken } from '../../src/layers/parameters.ts';
import type { TrainingFlags } from '../../src/plan-text/training-text.ts';
import { trainingFlags } from '../../src/plan-text/training-text.ts';
import { problem } from '../fixtures/problem.ts';
import { trained, withTraining } from '../fixtures/trained.ts';
import { planned } from '../unit/frameworks/fixture.ts';

const MODELS = ['llama-3.2-1b', 'llama-3.1-8b', 'mixtral-8x7b', 'gpt-oss-20b', 'deepseek-v2-lite'] as const;
const STACKS = [
  'megatron-core',
  'torch-fsdp2',
  'torch-fsdp',
  'deepspeed',
  'generic',
  'megatron-2022',
] as const;
const DEGREES = [
  'tp=1,pp=1,dp=8',
  'tp=1,pp=2,dp=4',
  'tp=2,pp=1,dp=4,cp=1',
  'tp=2,pp=2,dp=2,vpp=2',
  'tp=1,pp=8,dp=1,schedule=zb-h1',
] as const;
const RECOMPUTE = ['none', 'full', 'selective'] as const;

interface Case {
  readonly model: (typeof MODELS)[number];
  readonly stack: (typeof STACKS)[number];
  readonly degrees: (typeof DEGREES)[number];
  readonly recompute: (typeof RECOMPUTE)[number];
  readonly zero: number;
  readonly precision: 'bf16' | 'fp8';
}

const arbitrary: fc.Arbitrary<Case> = fc.record({
  model: fc.constantFrom(...MODELS),
  stack: fc.constantFrom(...STACKS),
  degrees: fc.constantFrom(...DEGREES),
  recompute: fc.constantFrom(...RECOMPUTE),
  zero: fc.constantFrom(0, 1, 2, 3),
  precision: fc.constantFrom('bf16', 'fp8'),
});

function costed({ model, stack, degrees, recompute, zero, precision }: Case, train: string, flags = {}) {
  const base = problem(model, 'dgx-h100-8', { sequenceLength: 2048, precision }, stack);
  const on: Problem = withTraining(base, train, flags);
  const text = `${degrees},micro-batch=1,recompute=${recompute},zero=${/dp=1\b/.test(degrees) ? 0 : zero}`;
  return { on, ...estimate(on, planned(on, text)) };
}

/** Each never takes more memory than the one before it. */
function shrinking(one: Case, steps: readonly (readonly [train: string, flags?: TrainingFlags])[]) {
  const all = steps.map(([train, flags]) => costed(one, train, flags));
  for (const [i, now] of all.entries()) {
    if (i === 0) continue;
    for (const [s, { memory }] of now.stages.entries())
      expect(memory.deviceBytes, `${steps[i]![0]}, stage ${s}`).toBeLessThanOrEqual(
        all[i - 1]!.stages[s]!.memory.deviceBytes * (1 + 1e-12),
      );
  }
}

const RANK = { 'lora-rank': '16' };

describe('fewer trained parameters never need more memory', () => {
  it('as layers, head and embedding are frozen', () => {
    fc.assert(
      fc.property(arbitrary, fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 7 }), (one, a, b) => {
        const { tiedEmbeddings: tied } = loadModel(one.model).value;
        const [ends, frozen] = tied ? ['full', 'frozen'] : ['full', 'full'];
        shrinking(one, [
          ['full'],
          ...(tied ? [] : [['embedding=frozen'] as const]),
          [`embedding=frozen,head=${tied ? frozen : ends},first-layers=${a}`],
          [`embedding=frozen,head=${tied ? frozen : ends},first-layers=${a + b}`],
          [`embedding=frozen,head=frozen,first-layers=${a + b}`],
        ]);
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  it('as all gives way to adapters, to fewer of them, to smaller ones, to frozen layers', () => {
    fc.assert(
      fc.property(arbitrary, fc.integer({ min: 1, max: 12 }), (one, layers) => {
        shrinking(one, [
          ['full'],
          ['lora', { ...RANK, 'lora-modules': 'all' }],
          ['lora', { ...RANK, 'lora-modules': 'attention' }],
          ['lora', { 'lora-rank': '4', 'lora-modules': 'attention' }],
          [`lora,first-layers=${layers}`, { 'lora-rank': '4', 'lora-modules': 'attention' }],
        ]);
        shrinking(one, [
          ['lora', { ...RANK, 'lora-dropout': '0.1' }],
          ['lora', RANK],
          ['qlora', RANK],
        ]);
      }),
      { numRuns: 60, seed: 11 },
    );
  });
});

describe('whatever is trained', () => {
  const train = fc.constantFrom(
    'full',
    'lora',
    'qlora',
    'lora,first-layers=5',
    'lora,frozen-weights=fp32',
    'decoder=frozen,head=full,embedding=full',
    'decoder=frozen,head=lora,embedding=frozen',
    'full,first-layers=3',
  );

  it('parts of time sum to the step, and no GPU works faster than its peak', () => {
    fc.assert(
      fc.property(arbitrary, train, (one, how) => {
        const { time, stepSeconds, mfu, stages } = costed(one, how);
        const sum = Object.values(time).reduce((a, b) => a + b, 0);
        expect(Math.abs(sum / stepSeconds - 1)).toBeLessThan(1e-9);
        expect(Object.values(time).every((seconds) => seconds >= 0)).toBe(true);
        expect(mfu).toBeGreaterThan(0);
        expect(mfu).toBeLessThan(1);
        for (const { memory } of stages) {
          const parts = Object.values(memory.allocated);
          expect(parts.every((bytes) => bytes >= 0)).toBe(true);
          expect(Math.abs(parts.reduce((a, b) => a + b, 0) / memory.allocatedBytes - 1)).toBeLessThan(1e-9);
        }
      }),
      { numRuns: 80, seed: 3 },
    );
  });

  // An order with places for weight gradients is no better where there are none, and may be worse (zero bubble).
  const whole = arbitrary.filter(({ degrees }) => !degrees.includes('zb-h1'));

  it('frozen weights take no longer than trained ones, and fewer FLOPs', () => {
    fc.assert(
      fc.property(whole, (one) => {
        const full = costed(one, 'full');
        const frozen = costed(one, 'decoder=frozen,head=full,embedding=full');
        expect(frozen.stepSeconds).toBeLessThanOrEqual(full.stepSeconds * (1 + 1e-9));
        expect(flopsPerToken(frozen.on.model, 2048)).toBeLessThan(flopsPerToken(full.on.model, 2048));
      }),
      { numRuns: 40, seed: 5 },
    );
  });

  it('frozen weights in fp32 never take less memory or time', () => {
    fc.assert(
      fc.property(arbitrary, fc.constantFrom('lora', 'qlora', 'full,first-layers=5'), (one, how) => {
        const [narrow, wide] = [costed(one, how), costed(one, `${how},frozen-weights=fp32`)];
        expect(wide.stepSeconds).toBeGreaterThanOrEqual(narrow.stepSeconds * (1 - 1e-9));
        const peaks = [narrow, wide].map(({ stages }) => stages.map(({ memory }) => memory.allocatedBytes));
        const sum = (all: readonly number[]) => all.reduce((a, b) => a + b, 0);
        for (const [s, bytes] of peaks[1]!.entries()) expect(bytes).toBeGreaterThanOrEqual(peaks[0]![s]!);
        expect(sum(peaks[1]!)).toBeGreaterThan(sum(peaks[0]!));
      }),
      { numRuns: 40, seed: 7 },
    );
  });

  it('is said in flags that mean the same', () => {
    const model = loadModel('llama-3.1-8b').value;
    fc.assert(
      fc.property(
        train,
        fc.integer({ min: 1, max: 128 }),
        fc.constantFrom('all', 'q,v', 'qkv'),
        (how, rank, on) => {
          const adapters = /lora/.test(how) && !how.includes('decoder=frozen');
          const flags = adapters ? { 'lora-rank': `${rank}`, 'lora-modules': on } : {};
          const one = trained(model, how, flags);
          const { train: again = 'full', ...rest } = trainingFlags(one.training);
          const { assumed: _, ...two } = trained(model, again, rest).training ?? { assumed: [] };
          const { assumed: __, ...before } = one.training ?? { assumed: [] };
          expect(two).toEqual(before);
        },
      ),
    );
  });
});
