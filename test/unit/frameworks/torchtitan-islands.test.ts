import { describe, expect, it } from 'vitest';
import type { Problem } from '../../../src/domain/problem.ts';
import { FRAMEWORKS } from '../../../src/frameworks/index.ts';
import { torchtitan } from '../../../src/frameworks/torchtitan/index.ts';
import { problem } from '../../fixtures/problem.ts';
import { ORIGIN, planned } from './fixture.ts';

const TWO = problem(
  'llama-3.1-8b',
  'two-regions',
  { sequenceLength: 8192, globalBatchSize: 512 },
  'torch-fsdp2',
);
const BOTH = 'pipelines=32@west:32x1:8+32@east:32x1:8,micro-batch=1,zero=3';
const refused = (text: string, p: Problem = TWO) => torchtitan.reject(p, planned(p, text));

describe('islands on torchtitan', () => {
  it('are one recipe, what makes it an island, a script for each and a lighthouse', () => {
    const files = torchtitan.render(
      TWO,
      planned(TWO, `${BOTH},local-steps=100:fragments4:delay5:alpha0.5:8bit`),
      ORIGIN,
    );
    expect(files.map(({ path }) => path)).toEqual([
      ...['plan.py', 'island.py', 'lighthouse.sh', 'launch-0.sh', 'launch-1.sh', 'README.md'],
    ]);
    const of = (path: string) => files.find((one) => one.path === path)!.content;
    for (const line of [
      'f.group_size = 2',
      'f.sync_steps = 100',
      'f.num_fragments = 4',
      'f.fragment_sync_delay = 5',
      'f.fragment_update_alpha = 0.5',
      'f.should_quantize = True',
      'f.semi_sync_method = "diloco"',
    ])
      expect(of('island.py')).toContain(line);
    expect(of('plan.py')).toContain('data_parallel_shard_degree = 32');
    // Of all islands together.
    expect(of('plan.py')).toContain('num_tokens_per_train_step = 512 * 8192');
    expect(of('lighthouse.sh')).toContain('--min_replicas 2');
    for (const [i, site] of ['west', 'east'].entries()) {
      expect(of(`launch-${i}.sh`)).toContain(`REPLICA_GROUP_ID=${i}`);
      expect(of(`launch-${i}.sh`)).toContain(`${site}-3`);
      expect(of(`launch-${i}.sh`)).toContain('--nnodes 4');
    }
    expect(of('launch-0.sh')).not.toContain('east');
  });

  it.each([
    [
      'pipelines=32@west:32x1:8+32@east:16x2:16,micro-batch=1,zero=3,local-steps=100',
      'one-tensor-parallel-size',
    ],
    ['pipelines=32@west:16x1:16+32@east:16x1:16,micro-batch=1,zero=3,local-steps=100', null],
    [`${BOTH},local-steps=100`, null],
    [`${BOTH},local-steps=100:bf16`, 'local-steps'],
    [`${BOTH},local-steps=30:sparse`, 'local-steps'],
    [`${BOTH},local-steps=100,loss=chunked:8`, 'islands'],
    [`${BOTH},local-steps=100,offload=optimizer:1+parameters:host`, 'islands'],
    [`${BOTH}`, 'one-pipeline-shape'],
    [
      'pipelines=16@west:16x1:16/16@west:16x1:16+16@east:16x1:16/16@east:16x1:16,micro-batch=1,zero=3,local-steps=100',
      null,
    ],
    [
      'pipelines=16@west:16x1:16/16@west:16x1:16+16@east:16x1:16/16@east:16x1:16,micro-batch=1,zero=3,local-steps=100:fragments2',
      'islands',
    ],
    [
      'pipelines=16@west:16x1:16/16@west:16x1:16+15@east:16x1:16/17@east:16x1:16,micro-batch=1,zero=3,local-steps=100',
      'islands',
    ],
  ])('%s is held against its rules', (text, rule) => expect(refused(text)?.rule ?? null).toBe(rule));

  it('are of Llama 3, whose fragments torchft has', () => {
    const qwen = problem(
      'qwen3-8b',
      'two-regions',
      { sequenceLength: 8192, globalBatchSize: 512 },
      'torch-fsdp2',
    );
    expect(refused(`${BOTH.replaceAll('32@', '36@')},local-steps=100`, qwen)?.rule).toBe('islands');
  });

  it('are refused by name by every other framework', () => {
    const plan = planned(TWO, `${BOTH},local-steps=100`);
    const run = FRAMEWORKS.filter((one) => one.reject(TWO, plan) === null).map(({ id }) => id);
    expect(run).toEqual(['torchtitan']);
  });
});
