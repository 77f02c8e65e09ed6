import { describe, expect, it } from 'vitest';
import type { Stack } from '../../../src/domain/stack.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { holmes } from '../../../src/frameworks/holmes/index.ts';
import { contextArguments, contextExchangeOf } from '../../../src/frameworks/megatron/context-exchange.ts';
import { flagsOf } from '../../../src/frameworks/megatron/flags.ts';
import { megatron } from '../../../src/frameworks/megatron/index.ts';
import { lossArguments, lossOfRun } from '../../../src/frameworks/megatron/loss.ts';
import { parallelArguments } from '../../../src/frameworks/megatron/parallel-arguments.ts';
import type { MegatronRun } from '../../../src/frameworks/megatron/run.ts';
import { DENSE, planned } from './fixture.ts';

/** A run of these words alone. */
function runOf(words: readonly (string | number)[]): MegatronRun {
  const flags = flagsOf(words.map((text, i) => ({ text: String(text), line: i + 1 })));
  return {
    file: 'job.sh',
    flags,
    has: (name: string) => flags.has(name),
    word: (name: string) => flags.get(name)?.values[0] ?? null,
    count: (name: string) => (flags.has(name) ? Number(flags.get(name)!.values[0]) : null),
    line: (name: string) => flags.get(name)?.line ?? 1,
  } as unknown as MegatronRun;
}

describe("Megatron's words", () => {
  it.each(['p2p', 'all-gather', 'a2a', 'a2a+p2p:4'])('for cp-comm=%s are read back', (kind) => {
    const words = ['--context-parallel-size', 8, ...contextArguments(kind, 8)];
    expect(contextExchangeOf(runOf(words))).toEqual({ 'cp-comm': kind });
  });

  it('name the sizes of both levels', () => {
    expect(contextArguments('a2a+p2p:4', 16).slice(-3)).toEqual([
      '--hierarchical-context-parallel-sizes',
      4,
      4,
    ]);
    expect(contextArguments('stack', 16)).toEqual([]);
  });

  it('of several exchanges in one run are refused with their line', () => {
    const run = runOf(['--context-parallel-size', 8, '--cp-comm-type', 'p2p', 'a2a']);
    expect(() => contextExchangeOf(run)).toThrow(/layer by layer/);
  });

  it.each(['fused-native', 'fused'])('for loss=%s are read back', (id) => {
    expect(lossOfRun(runOf(lossArguments(id)))).toEqual({ loss: id });
  });

  it('without fusion are its unfused loss', () => {
    expect(lossOfRun(runOf(['--tensor-model-parallel-size', 8]))).toEqual({ loss: 'unfused' });
    expect(lossArguments('unfused')).toEqual([]);
  });
});

describe('the loss that is priced', () => {
  const PLAIN = 'tp=8,pp=4,dp=2,micro-batch=1';
  const on = (lossKernel: Stack['lossKernel']) => ({ ...DENSE, stack: { ...DENSE.stack, lossKernel } });

  it.each([
    ['fused-native', ['--cross-entropy-loss-fusion', '--cross-entropy-fusion-impl', 'native']],
    ['fused', ['--cross-entropy-loss-fusion', '--cross-entropy-fusion-impl', 'te']],
    ['unfused', []],
  ] as const)('%s of a stack is what Megatron is told to run', (kernel, words) => {
    const plan = planned(on(kernel), PLAIN);
    expect(megatron.reject(on(kernel), plan)).toBeNull();
    const written = parallelArguments(on(kernel), plan).filter((word, i, all) =>
      /^--cross-entropy/.test(all[i - 1] === '--cross-entropy-fusion-impl' ? all[i - 1]! : word),
    );
    expect(written).toEqual(words);
  });

  it('of a stack that Megatron has not is refused, with the stack', () => {
    const reason = megatron.reject(on('fp32'), planned(on('fp32'), PLAIN));
    expect(reason).toMatchObject({ rule: 'loss', actual: expect.stringContaining('megatron-core') });
    expect(megatron.reject(on('fp32'), planned(on('fp32'), `${PLAIN},loss=unfused`))).toBeNull();
  });

  it('is the one that megatron-core has, in fp32: no less than Megatron runs without a flag', () => {
    const peak = (config: string) =>
      estimate(DENSE, planned(DENSE, config)).stages.at(-1)!.memory.allocatedBytes;
    expect(DENSE.stack.lossKernel).toBe('fused-native');
    expect(peak(PLAIN)).toBe(peak(`${PLAIN},loss=unfused`));
    expect(peak(PLAIN)).toBeGreaterThan(peak(`${PLAIN},loss=fused`));
  });

  it('of models of before Megatron Core is unfused: Transformer Engine’s is refused', () => {
    expect(holmes.reject(on('fused'), planned(on('fused'), PLAIN))?.rule).toBe('loss');
  });
});
