import { describe, expect, it } from 'vitest';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { coefficients } from '../../../src/hardware/coefficients.ts';
import { layerOperators, moduleOf, weakTimes } from '../../../src/layers/layer.ts';
import type { LocalShape } from '../../../src/layers/local-shape.ts';
import { deltaNet, gatedDeltaNet } from '../../../src/layers/mixers/gated-delta-net.ts';
import { mamba } from '../../../src/layers/mixers/mamba.ts';
import { mamba2, mamba2Mixer } from '../../../src/layers/mixers/mamba2.ts';
import { meanChunk, meanReach } from '../../../src/layers/mixers/reach.ts';
import { shortConvolution } from '../../../src/layers/mixers/short-convolution.ts';
import type { Operator } from '../../../src/layers/operator.ts';
import { flopsByPart, wholeModel } from '../../../src/layers/parameters.ts';
import { localParameters } from '../../../src/layers/weight.ts';
import { muon } from '../../../src/optimizers/muon.ts';
import { problem } from '../../fixtures/problem.ts';
import { planned } from '../frameworks/fixture.ts';

const NEMOTRON = problem('nemotron-h-8b', 'dgx-h100-64');
const MINIMAX = problem('minimax-text-01', 'dgx-h100-64');
const GRIFFIN = problem('recurrentgemma-2b', 'dgx-h100-64');
const QWEN = problem('qwen3-next-80b-a3b', 'dgx-h100-64');
const split = { tp: 1, cp: 1, ep: 1, etp: 1 };

function operatorsOf(on: typeof NEMOTRON, kind: string, local: Partial<LocalShape> = {}): Operator[] {
  const { model, stack } = on;
  const context = wholeModel(model, 4096);
  const found = model.kinds.find(({ mixer }) => mixer?.kind === kind)!;
  return layerOperators(
    { ...found, ffn: null },
    {
      ...{ model, stack, c: coefficients() },
      local: { ...context.local, ...local },
    },
  );
}

const saved = (operators: readonly Operator[]) =>
  operators.flatMap((one) => one.saved).reduce((sum, { bytes }) => sum + bytes, 0);

describe('how far a query reads', () => {
  it.each([
    [8192, 4096],
    [4096, 128],
    [1000, 999],
    [64, 1],
  ])('of %i tokens in a window of %i: W − W²/2s, as counted one by one', (sequence, window) => {
    let pairs = 0;
    for (let query = 1; query <= sequence; query++) pairs += Math.min(query, window);
    // One by one a query reads itself too: half a key more under the diagonal.
    const own = window / 2;
    expect(Math.abs(meanReach(sequence, window) * sequence - (pairs - own))).toBeLessThanOrEqual(1e-6);
  });

  it('is half of the sequence where no window binds', () => {
    for (const window of [null, 4096, 5000]) expect(meanReach(4096, window)).toBe(2048);
    expect(meanReach(4096, 4095)).toBeCloseTo(2048, 2);
  });

  it('counts the last chunk as short as it is', () => {
    expect(meanChunk(16384, 8192)).toBe(8192);
    expect(meanChunk(12000, 8192) * 12000).toBeCloseTo(8192 ** 2 + 3808 ** 2, 3);
    expect(meanChunk(4096, 8192)).toBe(4096);
  });
});

describe('Mamba-2', () => {
  it('keeps what its fused scan keeps: 3·d_in + 2gN + n a token, the output and the norm', () => {
    const [d, n, g, N, h] = [8192, 128, 8, 128, 4096];
    const each = 2 * (3 * d + 2 * g * N + n) + 2 * d + 2 * 2 * h;
    expect(saved(operatorsOf(NEMOTRON, 'mamba2'))).toBe(4096 * each);
  });

  it('counts model FLOPs as Megatron does, and its convolution', () => {
    const [d, n, g, N, h] = [8192, 128, 8, 128, 4096];
    const forward = 2 * h * (2 * d + 2 * g * N + n) + 7 * d * N + 2 * d * h + 2 * 4 * (d + 2 * g * N);
    const at = NEMOTRON.model.kinds.findIndex(({ mixer }) => mixer?.kind === 'mamba2');
    expect(flopsByPart(NEMOTRON.model, 4096).kinds[at]).toBe(3 * forward);
  });

  it('is divided by heads and by groups', () => {
    const law = (tp: number, cp = 1) =>
      mamba2.constraints(mamba2Mixer(128, 64, 128, { groups: 8 }), { ...split, tp, cp })?.rule ?? null;
    expect([law(8), law(4, 32), law(16), law(8, 32)]).toEqual([
      null,
      null,
      'groups-divisible-by-tp',
      'heads-divisible-by-tp-cp',
    ]);
    const groups = mamba2Mixer(96, 64, 128, { groups: 6 });
    expect(mamba2.constraints(groups, { ...split, cp: 4 })?.rule).toBe('groups-divisible-by-cp');
  });

  it('halves its weights, its activations and its work under tensor parallelism', () => {
    const whole = operatorsOf(NEMOTRON, 'mamba2');
    const half = operatorsOf(NEMOTRON, 'mamba2', { tensorParallel: 2, sequenceParallel: true });
    const held = (list: readonly Operator[], tp: number) =>
      list
        .flatMap(({ weights }) => weights)
        .filter(({ split }) => split === 'tensor')
        .reduce((sum, w) => sum + localParameters(w, { tensorParallel: tp } as LocalShape), 0);
    expect(held(half, 2)).toBe(held(whole, 1) / 2);
    expect(saved(half)).toBe(saved(whole) / 2);
  });

  it('swaps sequence for heads under context parallelism', () => {
    const [there, back] = operatorsOf(NEMOTRON, 'mamba2', { contextParallel: 4, tokens: 1024 }).flatMap(
      ({ communication }) => communication,
    );
    expect(there).toMatchObject({ group: 'context', collective: 'allToAll', pass: 'forward' });
    expect(there!.bytes).toBe(2 * 1024 * (3 * 8192 + 2 * 8 * 128 + 128));
    expect(back).toEqual({ ...there, pass: 'backward' });
  });

  it('leaves its first projection to AdamW where Muon updates the rest', () => {
    const state = { weights: 2, gradients: 4, master: 4, moments: [4, 4] } as const;
    const bytes = operatorsOf(NEMOTRON, 'mamba2').flatMap(({ weights }) =>
      weights.filter(({ columns }) => columns > 1).map((one) => muon.stateBytes(one, state, {})),
    );
    expect(bytes).toEqual([12, 8]);
  });
});

describe('gated delta net', () => {
  it('costs on GB200 what its table grows by, 0.90 ns a token and head and 3.3 back', () => {
    const [rule] = operatorsOf(QWEN, 'gated-delta-net').filter(({ name }) => name === 'delta-rule');
    const scan = rule!.kernels.findLast(({ kind }) => kind === 'scan');
    if (scan?.kind !== 'scan') throw new Error('no scan');
    const perHead = (bytes: number) => (1e9 * bytes) / (4096 * 32) / (0.87 * 8e12);
    expect(perHead(scan.forward.bytes)).toBeCloseTo(0.9, 2);
    expect(perHead(scan.backward.bytes)).toBeCloseTo(3.33, 1);
  });

  it('is divided by heads over tensor and context parallelism together', () => {
    const law = (tp: number, cp: number) => gatedDeltaNet.constraints(deltaNet(16, 32), { ...split, tp, cp });
    expect(law(8, 2)).toBeNull();
    expect(law(8, 4)?.limit).toBe('a multiple of tp·cp=32');
  });
});

describe('layers that no runtime divides', () => {
  it('say so', () => {
    const one = { kind: 'mamba', width: 8192 } as const;
    const whole = mamba.complete(one as never, 4096);
    expect(mamba.constraints(whole as never, { ...split, tp: 2 })?.rule).toBe('state-space-whole');
    const conv = shortConvolution.complete({ kind: 'short-convolution' } as never, 2048);
    expect(conv).toMatchObject({ width: 2048, kernel: 3, bias: false });
    expect(shortConvolution.constraints(conv as never, { ...split, cp: 2 })?.limit).toMatch(/cp=1/);
  });
});

describe('what is weakly known', () => {
  it.each([
    'nemotron-h-8b',
    'qwen3-next-80b-a3b',
    'deepseek-v3.2',
    'jamba-v0.1',
    'lfm2-1.2b',
    'falcon-h1-0.5b',
  ])('%s says so, is assumed, and its band is wide', (name) => {
    const on = problem(name, 'dgx-h100-64');
    const told = weakTimes(on.model);
    expect(told.length).toBeGreaterThan(0);
    const plan = planned(on, 'tp=1,pp=1,dp=64,micro-batch=1,zero=3,recompute=full');
    const { band, weakestProvenance, assumptions } = estimate(on, plan);
    expect(band).toBeGreaterThan(0.3);
    expect(weakestProvenance).toBe('assumed');
    expect(assumptions).toEqual(expect.arrayContaining(told));
  });

  it('nothing of attention and MLPs', () => {
    expect(weakTimes(problem('deepseek-v3', 'h800-2048').model)).toEqual([]);
  });

  it('every module describes itself', () => {
    for (const { model } of [NEMOTRON, QWEN])
      for (const { mixer } of model.kinds)
        if (mixer) expect(moduleOf(mixer).describe(mixer)).not.toMatch(/undefined/);
  });
});

describe('what transformers runs without kernels of its own', () => {
  const units = (operators: readonly Operator[]) =>
    operators.reduce((sum, { hostUnits }) => sum + hostUnits, 0);

  it('lightning attention keeps the scores of its blocks, and launches each block', () => {
    const lightning = operatorsOf(MINIMAX, 'lightning');
    // Scores of 64 heads and 256 tokens, as they are and decayed, in 16 bits.
    expect(saved(lightning)).toBeGreaterThan(4096 * 2 * 2 * 64 * 256);
    const longer = operatorsOf(MINIMAX, 'lightning', { tokens: 8192, sequence: 8192 });
    expect(saved(longer)).toBe(2 * saved(lightning));
    expect(units(longer) - units(lightning)).toBe(16 * 16);
    const module = moduleOf(MINIMAX.model.kinds[0]!.mixer!);
    expect(module.constraints(MINIMAX.model.kinds[0]!.mixer!, { ...split, tp: 2 })?.rule).toBe(
      'lightning-whole',
    );
  });

  it('RG-LRU loops over the tokens of a sequence on the host', () => {
    const [short, long] = [1024, 2048].map((sequence) =>
      units(operatorsOf(GRIFFIN, 'rg-lru', { tokens: sequence, sequence })),
    );
    expect(long! - short!).toBe(5 * 1024);
    const mixer = GRIFFIN.model.kinds[0]!.mixer!;
    expect(moduleOf(mixer).constraints(mixer, { ...split, cp: 2 })?.rule).toBe('recurrence-whole');
    const odd = moduleOf(mixer).complete({ ...mixer, blocks: 7 } as typeof mixer, 2560);
    expect(odd).toMatchObject({ key: 'blocks' });
  });
});
