import { describe, expect, it } from 'vitest';
import { type Plan, stateShareOf } from '../../../src/domain/plan.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { cephalo } from '../../../src/frameworks/cephalo/index.ts';
import { search } from '../../../src/search/search.ts';
import { sourceOf } from '../../fixtures/source.ts';
import { ORIGIN, planned, problemOf } from './fixture.ts';

const LLAMA = problemOf('llama-2-7b', 'mixed-consumer-datacentre', 'torch-fsdp');
const EVEN = planned(LLAMA, 'tp=1,pp=1,dp=16,micro-batch=2,sharding=3,recompute=full');

/** The first group's GPUs take three times the micro-batches of the others. */
function unequal(plan: Plan): Plan {
  const [pipeline] = plan.pipelines as [Plan['pipelines'][number]];
  const [stage] = pipeline.stages as [(typeof pipeline.stages)[number]];
  const replicas = stage.replicas.map((block, i) => ({ ...block, microBatches: i === 0 ? 24 : 8 }));
  return { ...plan, pipelines: [{ ...pipeline, stages: [{ ...stage, replicas }] }] };
}
const UNEQUAL = unequal(EVEN);

const SAMPLE = {
  model_name: 'deepspeedllama_7b',
  vocab_size: 32000,
  seq_length: 4096,
  uneven_batch_sizes: [12, 12, 4, 4],
  uneven_microbatches: [3, 3, 1, 1],
  split_uneven: true,
  split_uneven_partitions: [0.3, 0.3, 0.2, 0.2],
  recompute_layer: false,
  ga: true,
  use_activation_buffers: true,
  use_prefetch_backwards: true,
  reduce_dtype: 'float32',
  autocast_dtype: 'bfloat16',
};
const file = (changes: object = {}) =>
  cephalo.reader!.read(sourceOf(JSON.stringify({ ...SAMPLE, ...changes }, null, 2)));

describe('the configuration', () => {
  const textOf = (plan: Plan) => cephalo.render(LLAMA, plan, ORIGIN)[0]!.content;

  it('gives each rank its batch and its micro-batches', () => {
    expect(cephalo.reject(LLAMA, UNEQUAL)).toBeNull();
    const {
      uneven_batch_sizes: batches,
      uneven_microbatches: microBatches,
      ...rest
    } = JSON.parse(textOf(UNEQUAL));
    expect(microBatches).toEqual([...new Array(8).fill(24), ...new Array(8).fill(8)]);
    expect(batches).toEqual(microBatches.map((n: number) => 2 * n));
    expect(rest).toMatchObject({
      model_name: 'deepspeedllama_7b',
      ga: true,
      recompute_layer: false,
      split_uneven: false,
      autocast_dtype: 'bfloat16',
    });
    expect(rest.split_uneven_partitions).toHaveLength(16);
  });

  it.each([
    ['unequal micro-batches', UNEQUAL],
    ['equal ones', EVEN],
    [
      'the optimizer in backward',
      planned(LLAMA, 'tp=1,pp=1,dp=16,micro-batch=32,sharding=3,recompute=none,optimizer-in-backward=true'),
    ],
    ['a single one', planned(LLAMA, 'tp=1,pp=1,dp=16,micro-batch=32,sharding=3,recompute=none')],
    [
      'sizes and shares of states by GPU',
      planned(
        LLAMA,
        `pipelines=32@${LLAMA.cluster.groups[0]!.id}:8x1:8s263@${LLAMA.cluster.groups[1]!.id}:8x1:8m2s119,micro-batch=6,sharding=3,recompute=full`,
      ),
    ],
    ['a single one, run again', planned(LLAMA, 'tp=1,pp=1,dp=16,micro-batch=32,sharding=3,recompute=full')],
  ])('is read back as the same plan: %s', (_, plan) => {
    expect(cephalo.reject(LLAMA, plan)).toBeNull();
    const read = cephalo.reader!.read(sourceOf(textOf(plan)));
    expect(read.violations(16)).toEqual([]);
    const back = read.asked().plan!(
      LLAMA,
      Array.from({ length: 24 }, (_, i) => i),
    );
    expect(back.pipelines).toEqual(plan.pipelines);
    expect(estimate(LLAMA, back)).toEqual(estimate(LLAMA, plan));
  });

  it.each([
    ['accumulation-recomputes', 'tp=1,pp=1,dp=16,micro-batch=2,sharding=3,recompute=none'],
    ['tensor-parallel', 'tp=2,pp=1,dp=8,micro-batch=2,sharding=3,recompute=full'],
    ['pipeline', 'tp=1,pp=2,dp=8,micro-batch=2,sharding=3,recompute=full'],
    ['sharding', 'tp=1,pp=1,dp=16,micro-batch=2,sharding=1,recompute=full'],
    ['degrees', 'tp=1,pp=1,cp=2,dp=8,micro-batch=2,sharding=3,recompute=full'],
  ])('refuses %s', (rule, configuration) =>
    expect(cephalo.reject(LLAMA, planned(LLAMA, configuration))?.rule).toBe(rule),
  );

  it('refuses models its hub has not', () => {
    const experts = problemOf('mixtral-8x7b', 'mixed-consumer-datacentre', 'torch-fsdp');
    expect(cephalo.excludes!(experts)?.rule).toBe('layer-kind');
    expect(cephalo.excludes!(problemOf('llama-3.1-8b', 'mixed-consumer-datacentre'))?.rule).toBe('model-hub');
  });
});

it('is found by a search that must use both types of GPU, with micro-batches by GPU', () => {
  const techniques = { recompute: { mode: 'full', modules: [], layersPerStage: null } };
  const fix = { counts: {}, techniques };
  const [best] = search(LLAMA, { launcher: cephalo, mustUse: [0, 1], top: 1, fix }).plans;
  const { replicas } = best!.plan.pipelines[0]!.stages[0]!;
  expect(new Set(replicas.map(({ microBatchSize }) => microBatchSize)).size).toBe(2);
  expect(cephalo.reject(LLAMA, best!.plan)).toBeNull();
});

describe('rules of the file', () => {
  const broken: readonly (readonly [rule: string, changes: object, gpus: number])[] = [
    ['model-hub', { model_name: 'mamba_7b' }, 4],
    ['batch-per-rank', { split_uneven: false }, 5],
    ['micro-batches-per-rank', { uneven_microbatches: [3, 3, 1] }, 4],
    ['micro-batch-not-empty', { uneven_microbatches: [3, 3, 1, 5] }, 4],
    ['micro-batch-of-buffers', { uneven_microbatches: [5, 3, 1, 1] }, 4],
    ['accumulation-on-all-ranks', { ga: false }, 4],
    ['accumulation-of-layers', { model_name: 'llama_7b' }, 4],
    ['share-per-rank', { split_uneven_partitions: [0.5, 0.5] }, 4],
    ['shares-of-the-whole', { split_uneven_partitions: [0.3, 0.3, 0.3, 0.3] }, 4],
    ['hybrid-shard', { hybrid_shard: true }, 4],
    ['dtype-name', { autocast_dtype: 'bf16' }, 4],
    ['known-keys', { uneven_micro_batches: [1] }, 4],
  ];

  it.each(broken)('%s %j', (rule, changes, gpus) => {
    const found = file(changes).violations(gpus);
    expect(found.map((one) => one.rule)).toEqual([rule]);
    expect(found[0]!.fix).toMatch(/\.$/);
  });

  it('are all tried', () => {
    const tried = new Set(broken.map(([rule]) => rule));
    expect(cephalo.reader!.rules.map(({ rule }) => rule).sort()).toEqual([...tried].sort());
  });

  it('are kept by files that Cephalo runs', () => {
    expect(file().violations(4)).toEqual([]);
    expect(file({ uneven_microbatches: [], microbatches: 4 }).violations(4)).toEqual([]);
    expect(file({ uneven_microbatches: [5, 3, 1, 1], use_activation_buffers: false }).violations(4)).toEqual(
      [],
    );
    const { stages } = file().asked().plan!(LLAMA, [0, 1, 2, 3]).pipelines[0]!;
    const { replicas } = stages[0]!;
    expect(replicas.map((block) => [block.count, stateShareOf(stages[0]!, block)])).toEqual([
      [2, 0.3],
      [2, 0.2],
    ]);
  });
});

describe('bad input', () => {
  const devices = [0, 1, 2, 3];
  it.each([
    [() => file({ uneven_batch_sizes: undefined }), /f:1: f has no uneven_batch_sizes/],
    [() => file({ uneven_batch_sizes: [1, 'two'] }), /uneven_batch_sizes is \[1,"two"\]/],
    [() => file().asked().plan!(LLAMA, [0, 1]), /4 ranks/],
    [
      () =>
        file({ uneven_batch_sizes: [12, 12, 4, 8], uneven_microbatches: [3, 3, 1, 3] }).asked().plan!(
          LLAMA,
          devices,
        ),
      /micro-batches of unlike size/,
    ],
  ])('%#', (run, message) => expect(run).toThrow(message));
});
