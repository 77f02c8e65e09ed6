import { describe, expect, it } from 'vitest';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { problem } from '../../fixtures/problem.ts';
import { withTraining } from '../../fixtures/trained.ts';
import { planned } from '../frameworks/fixture.ts';

const GiB = 2 ** 30;

/** The fullest GPU without the optimizer's states, GiB. */
function peakOf(model: string, train: 'full' | 'lora', shardedEnds: 'with-root' | 'apart', sequence: number) {
  const flags = train === 'full' ? {} : { 'lora-rank': '16', 'lora-modules': 'q,v,o,gate,up,down' };
  const given = withTraining(
    problem(model, 'dgx-h100-8', { sequenceLength: sequence, globalBatchSize: 16 }, 'torchtune'),
    train,
    flags,
  );
  const on = { ...given, stack: { ...given.stack, shardedEnds } };
  const text = 'tp=1,pp=1,dp=8,micro-batch=2,recompute=full,sharding=3,loss=chunked:8';
  const { memory } = estimate(on, planned(on, text)).stages[0]!;
  return (memory.allocatedBytes - (memory.allocated['optimizer states'] ?? 0)) / GiB;
}

/**
 * Against one rank of 8 of PyTorch 2.13's fully_shard, walked through with its fake process group and fake tensors: layers as torchtune
 * has them, checkpointed, eager, bf16 throughout, the head in 8 chunks. GiB.
 */
describe('what FSDP keeps whole beside the shards', () => {
  it.each([
    ['llama-3.1-70b', 'lora', 'with-root', 2048, 30.59, 1.06],
    ['llama-3.1-70b', 'lora', 'with-root', 128, 27.5, 1.01],
    ['llama-3.1-8b', 'lora', 'with-root', 2048, 8.08, 1.08],
    ['llama-3.1-8b', 'lora', 'with-root', 128, 6.61, 1.01],
    ['llama-3.1-70b', 'full', 'with-root', 2048, 45.37, 1.06],
    ['llama-3.1-70b', 'full', 'apart', 2048, 40.24, 1.06],
    ['llama-3.1-8b', 'full', 'with-root', 2048, 9.03, 1.1],
    ['llama-3.1-8b', 'full', 'with-root', 128, 7.98, 1.2],
    ['llama-3.1-8b', 'full', 'apart', 2048, 7.64, 1.3],
    ['llama-3.1-8b', 'full', 'apart', 128, 6.26, 1.3],
  ] as const)('%s, %s, ends %s, 2 × %d tokens', (model, train, ends, sequence, walked, most) => {
    const ratio = peakOf(model, train, ends, sequence) / walked;
    expect(ratio).toBeGreaterThan(0.995);
    expect(ratio).toBeLessThan(most);
  });
});
