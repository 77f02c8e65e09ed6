import { describe, expect, it } from 'vitest';
import { contextArguments, contextExchangeOf } from '../../../src/frameworks/megatron/context-exchange.ts';
import { flagsOf } from '../../../src/frameworks/megatron/flags.ts';
import { lossArguments, lossOfRun } from '../../../src/frameworks/megatron/loss.ts';
import type { MegatronRun } from '../../../src/frameworks/megatron/run.ts';

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

  it('without fusion say nothing of the loss', () => {
    expect(lossOfRun(runOf(['--tensor-model-parallel-size', 8]))).toEqual({});
    expect(lossArguments('stack')).toEqual([]);
  });
});
