import { describe, expect, it } from 'vitest';
import { clusterFromText } from '../../src/catalogue/clusters.ts';
import { modelsFrom } from '../../src/cli/models.ts';
import type { Problem } from '../../src/domain/problem.ts';
import { estimate } from '../../src/evaluate/estimate.ts';
import { splitLaw } from '../../src/laws/split.ts';
import { parseConfiguration } from '../../src/plan-text/configuration.ts';
import { type ChosenOptimizer, parseOptimizer } from '../../src/plan-text/optimizer-text.ts';
import { SCHEDULES, scheduleOf } from '../../src/schedules/index.ts';
import { modelsIn, scheduleLaw } from '../../src/schedules/schedule.ts';
import { barestBound, barestKernels, barestWays } from '../../src/search/bound/barest.ts';
import { lowerBound } from '../../src/search/bound/bounds.ts';
import { candidateBound } from '../../src/search/bound/candidate-bound.ts';
import { CostBook } from '../../src/search/bound/cost-book.ts';
import { frameBound } from '../../src/search/bound/frame-bound.ts';
import { LayerRoom } from '../../src/search/bound/layer-room.ts';
import { waysOf } from '../../src/search/bound/ways.ts';
import { fewestLayers } from '../../src/search/cut/fewest-layers.ts';
import { realise } from '../../src/search/cut/realise.ts';
import { type Candidate, microBatchesPerReplica, shapeFor } from '../../src/search/space/candidate.ts';
import { chains } from '../../src/search/space/chains.ts';
import { type Choice, chainOf, choices } from '../../src/search/space/choices.ts';
import type { Frame } from '../../src/search/space/frame.ts';
import { layoutsOf } from '../../src/search/space/layouts.ts';
import { DEFAULT_OPTIONS, type SearchOptions } from '../../src/search/space/options.ts';
import { problem } from '../fixtures/problem.ts';
import { withTraining } from '../fixtures/trained.ts';

/** A reproducible sample without replacement of about `count` items. */
function sample<T>(items: readonly T[], count: number): T[] {
  const step = Math.max(1, Math.floor(items.length / count));
  return items.filter((_, i) => i % step === Math.floor(step / 2));
}

/** Of the group of a frame's choices that has this one. */
function barestOf(
  p: Problem,
  book: CostBook,
  frame: Frame,
  { layout, choice }: Candidate,
  options: SearchOptions,
) {
  const group = book
    .choices(frame, options)
    .groups.find(({ choices: all }) => all.some((one) => same(one, choice)))!;
  return [barestKernels(p, book, layout, group), barestBound(p, book, layout, group)];
}

/** Asked whether any cut takes less than a little more than one takes that fits, a bound says so: no more than that one. */
function expectCutWithin(
  p: Problem,
  book: CostBook,
  frame: Frame,
  candidate: Candidate,
  options: SearchOptions,
  stepSeconds: number,
) {
  const { layout, choice } = candidate;
  const enough = stepSeconds * (1 + 1e-6);
  const room = new LayerRoom(p, book, layout);
  expect(candidateBound(p, book, candidate, enough, room)).toBeLessThan(enough);
  const { groups } = book.choices(frame, options);
  const group = groups.find(({ choices: all }) => all.some((one) => same(one, choice)))!;
  const most = room.most(group.choices);
  const alive = room.alive(group.orders);
  const all = waysOf(p, book, room, layout, group.choices);
  expect(barestBound(p, book, layout, group, { worst: enough, most, alive, ways: all })).toBeLessThan(enough);
  const known = stepSeconds / 2;
  expect(barestWays(p, layout, group, all, { known, worst: enough, alive })).toBeLessThan(enough);
  const least = barestWays(p, layout, group, all, { known, worst: Number.POSITIVE_INFINITY, alive });
  expect(least).toBeLessThan(enough);
  expect(least).toBeGreaterThanOrEqual(known);
}

const same = (a: Choice, b: Choice) => JSON.stringify(a) === JSON.stringify(b);

function check(p: Problem, cases: number, options = DEFAULT_OPTIONS): number {
  const book = new CostBook(p);
  let checked = 0;
  for (const frame of sample([...chains(p, options)], cases)) {
    for (const layout of sample(layoutsOf(p, frame, options), 3)) {
      if (splitLaw(p, { ...layout, shapes: layout.runs }) !== null) continue;
      for (const choice of sample(choices(p, chainOf(p, frame), options), 4)) {
        const candidate = { layout, choice };
        const microBatches = microBatchesPerReplica(p, candidate);
        if (choice.vpp > 1 && microBatches < layout.pp) continue;
        const shape = shapeFor(candidate, microBatches);
        if (scheduleLaw(scheduleOf(choice.schedule), shape) !== null) continue;
        const whole = realise(p, candidate, book.of(candidate));
        if ('rule' in whole) continue;
        if (choice.fewest !== null) {
          const some = fewestLayers(p, candidate, whole, book);
          if ('rule' in some) continue;
          const { stepSeconds } = estimate(p, some.plan);
          expect(candidateBound(p, book, candidate)).toBeLessThanOrEqual(stepSeconds * (1 + 1e-9));
          expectCutWithin(p, book, frame, candidate, options, stepSeconds);
        }
        const { stepSeconds, verdict } = estimate(p, whole.plan);
        if (verdict !== 'does-not-fit') expectCutWithin(p, book, frame, candidate, options, stepSeconds);
        expect(lowerBound(p, candidate, book.of(candidate))).toBeLessThanOrEqual(stepSeconds * (1 + 1e-9));
        expect(frameBound(p, [frame])).toBeLessThanOrEqual(stepSeconds * (1 + 1e-9));
        for (const barest of barestOf(p, book, frame, candidate, options))
          expect(barest).toBeLessThanOrEqual(stepSeconds * (1 + 1e-9));
        checked += 1;
      }
    }
  }
  return checked;
}

/** Bounds of groups against those of their choices: how many were compared. */
function checkGroups(p: Problem, cases: number): number {
  const book = new CostBook(p);
  let compared = 0;
  for (const frame of sample([...chains(p, DEFAULT_OPTIONS)], cases)) {
    for (const layout of sample(layoutsOf(p, frame, DEFAULT_OPTIONS), 2)) {
      if (splitLaw(p, { ...layout, shapes: layout.runs }) !== null) continue;
      for (const group of book.choices(frame, DEFAULT_OPTIONS).groups) {
        const [kernels, barest] = [
          barestKernels(p, book, layout, group),
          barestBound(p, book, layout, group),
        ];
        for (const choice of group.choices) {
          const candidate = { layout, choice };
          if (choice.vpp > 1 && microBatchesPerReplica(p, candidate) < layout.pp) continue;
          const bound = lowerBound(p, candidate, book.seconds(candidate)) * (1 + 1e-9);
          expect(kernels).toBeLessThanOrEqual(bound);
          expect(barest).toBeLessThanOrEqual(bound);
          compared += 1;
        }
      }
    }
  }
  return compared;
}

/** Of a model without sequences. */
const SAMPLES = { sequenceLength: 1, globalBatchSize: 512 } as const;

/** Every GPU with so many bytes: what is bounded here is time. */
function withMemory(cluster: Problem['cluster'], memoryBytes: number): Problem['cluster'] {
  const groups = cluster.groups.map((group) => ({ ...group, gpu: { ...group.gpu, memoryBytes } }));
  return { ...cluster, groups };
}

describe('bounds are never above what they bound', () => {
  it.each([
    ['llama-3.1-8b', 'dgx-h100-64', {}, 'megatron-core'],
    ['llama-3.1-8b', 'mixed-32xh100-32xa100-40gb', {}, 'generic'],
    ['llama-3.1-8b', 'mi300x-64', { precision: 'fp8' }, 'torch-fsdp2'],
    ['gpt3-175b', 'dgx-a100-512', { sequenceLength: 2048, globalBatchSize: 512 }, 'megatron-2021'],
    ['deepseek-v2-lite', 'dgx-b200-64', { precision: 'mxfp8' }, 'megatron-core'],
    ['gpt-oss-20b', 'gb200-nvl72-72', { precision: 'nvfp4', globalBatchSize: 72 }, 'megatron-core'],
    ['llama-3.2-1b', 'mixed-4090-3090', { precision: 'fp32', globalBatchSize: 32 }, 'torch-fsdp2'],
    ['mixtral-8x7b', 'mixed-a100-v100', { precision: 'fp16' }, 'megatron-2023'],
    ['llama-3.2-1b', 'mixed-4090-3090', { globalBatchSize: 48 }, 'megatron-core'],
    ['llama-3.2-1b', 'two-regions', { globalBatchSize: 48 }, 'torch-fsdp2'],
  ] as const)('%s on %s', (model, cluster, over, stack) => {
    expect(check(problem(model, cluster, { headroom: 0, ...over }, stack), 160)).toBeGreaterThan(20);
  });

  // Layers of unlike parts; a kind that only a prediction module has; heads under context parallelism.
  it.each([
    ['nemotron-h-8b', 'mixed-32xh100-32xa100-40gb', {}, 'megatron-core'],
    ['nemotron-3-super-120b-a12b', 'dgx-b200-64', { precision: 'mxfp8' }, 'megatron-core'],
    ['qwen3-next-80b-a3b', 'dgx-h100-64', {}, 'megatron-core'],
    ['jamba-v0.1', 'dgx-h100-64', {}, 'torch-fsdp2'],
    ['deepseek-v3.2', 'h800-2048', { globalBatchSize: 2048 }, 'megatron-core'],
    ['lfm2-1.2b', 'mixed-4090-3090', { globalBatchSize: 32 }, 'torch-fsdp2'],
    ['amoebanet-d-18-256', 'p40-8', { ...SAMPLES, precision: 'fp32' }, 'generic'],
    ['clip-vit-l-14', 'mixed-a100-v100', { ...SAMPLES, precision: 'fp16' }, 'generic'],
  ] as const)('of unlike layers: %s on %s', (model, cluster, over, stack) => {
    expect(check(problem(model, cluster, { headroom: 0, ...over }, stack), 30)).toBeGreaterThan(10);
  });

  it.each([
    ['llama-3.1-8b', 'mixed-32xh100-32xa100-40gb', 'lora', 'generic'],
    ['llama-3.1-8b', 'dgx-h100-64', 'qlora', 'torch-fsdp2'],
    ['llama-3.1-8b', 'dgx-h100-64', 'full,first-layers=20', 'megatron-core'],
    ['llama-3.1-8b', 'mixed-4090-3090', 'decoder=frozen,head=full', 'torch-fsdp2'],
    ['deepseek-v2-lite', 'dgx-b200-64', 'lora,first-layers=9', 'megatron-core'],
    ['mixtral-8x7b', 'dgx-h100-64', 'lora', 'megatron-2023'],
  ] as const)('%s on %s, %s trained', (model, cluster, train, stack) => {
    const p = withTraining(problem(model, cluster, { headroom: 0 }, stack), train);
    expect(check(p, 120)).toBeGreaterThan(20);
  });

  it.each([
    ['llama-3.1-8b', 'dgx-h100-8', 'megatron-core'],
    ['llama-3.1-8b', '4090-8', 'deepspeed'],
    ['llama-3.1-8b', 'mixed-32xh100-32xa100-40gb', 'generic'],
    ['llama-3.2-1b', 'mixed-4090-3090', 'torch-fsdp2'],
    ['deepseek-v2-lite', 'dgx-b200-64', 'megatron-deepspeed'],
  ] as const)('%s on %s, with offloading allowed', (model, cluster, stack) => {
    const p = problem(model, cluster, { headroom: 0, sequenceLength: 2048 }, stack);
    expect(check(p, 120, { ...DEFAULT_OPTIONS, allow: ['offload'] })).toBeGreaterThan(20);
  });

  it.each([
    ['llama-3.1-8b', 'dgx-h100-8', 'megatron-core'],
    ['llama-3.1-8b', 'mixed-32xh100-32xa100-40gb', 'torch-fsdp2'],
    ['llama-3.2-1b', 'mixed-4090-3090', 'deepspeed'],
    ['deepseek-v2-lite', 'dgx-b200-64', 'generic'],
  ] as const)('%s on %s, with losses and exchanges allowed', (model, cluster, stack) => {
    const p = problem(model, cluster, { headroom: 0, sequenceLength: 16_384 }, stack);
    expect(check(p, 120, { ...DEFAULT_OPTIONS, allow: ['loss', 'cp-comm'] })).toBeGreaterThan(20);
  });

  it.each([
    ['llama-3.1-8b', 'dgx-h100-8', 'megatron-core'],
    ['llama-3.1-8b', 'mixed-32xh100-32xa100-40gb', 'generic'],
    ['llama-3.2-1b', 'two-regions', 'torch-fsdp2'],
  ] as const)('%s on %s, with stale weights allowed', (model, cluster, stack) => {
    const p = problem(model, cluster, { headroom: 0, sequenceLength: 2048 }, stack);
    expect(check(p, 120, { ...DEFAULT_OPTIONS, allow: ['stale'] })).toBeGreaterThan(20);
  });

  it.each([
    ['llama-3.1-8b', 'dgx-h100-8', 'reference=llama-3.1-8b', 'megatron-core'],
    ['llama-3.1-8b', 'mixed-32xh100-32xa100-40gb', 'critic=llama-3.2-1b:offloaded', 'generic'],
    [
      'llama-3.2-1b',
      'mixed-4090-3090',
      'reference=llama-3.2-1b:offloaded,reward=llama-3.2-1b:whole',
      'torch-fsdp2',
    ],
    ['deepseek-v2-lite', 'dgx-b200-64', 'critic=deepseek-v2-lite', 'megatron-core'],
  ] as const)('%s on %s, beside %s', (model, cluster, models, stack) => {
    const p = problem(model, cluster, { headroom: 0, ...modelsFrom(models, 'bf16') }, stack);
    expect(check(p, 60)).toBeGreaterThan(20);
  });

  it.each([
    ['llama-3.1-8b', 'dgx-h100-64', 'muon', 'megatron-core'],
    ['llama-3.1-8b', 'dgx-h100-64', 'muon,layout=aligned', 'megatron-core'],
    ['mixtral-8x7b', 'dgx-h100-64', 'muon,layout=aligned', 'megatron-core'],
    ['llama-3.1-8b', 'mixed-32xh100-32xa100-40gb', 'muon,tp=blockwise', 'generic'],
    ['llama-3.1-8b', 'dgx-h100-64', 'muon', 'torch-fsdp2'],
    ['mixtral-8x7b', 'dgx-h100-64', 'muon,tp=distributed', 'megatron-core'],
    ['llama-3.1-8b', 'dgx-h100-64', 'soap', 'generic'],
    ['llama-3.1-8b', 'dgx-h100-64', 'adamw,master=none', 'torch-fsdp2'],
  ] as const)('%s on %s, updated by %s', (model, cluster, optimizer, stack) => {
    const chosen = parseOptimizer(optimizer) as ChosenOptimizer;
    expect(check(problem(model, cluster, { headroom: 0, ...chosen }, stack), 60)).toBeGreaterThan(20);
  });

  it.each([
    ['llama-3.1-8b', 'mi300x-64', 'fp8-weights=true', { precision: 'fp8' }, 'torch-fsdp2'],
    ['llama-3.1-8b', 'dgx-h100-64', 'optimizer-in-backward=true', {}, 'torch-fsdp2'],
    ['llama-3.1-8b', 'dgx-h100-64', 'dp-overlap=none', {}, 'megatron-core'],
    ['llama-3.1-8b', 'dgx-h100-64', 'dp-overlap=gradients', {}, 'torch-fsdp2'],
    ['llama-3.1-8b', 'dgx-h100-64', 'tp=4,tp-overlap=userbuffers', {}, 'megatron-core'],
    ['qwen3-30b-a3b', 'dgx-h100-64', 'ep=16,expert-exchange=2dh', {}, 'megatron-core'],
    ['qwen3-30b-a3b', 'dgx-h100-64', 'ep=16,expert-switching=dp', { routing: { imbalance: 3 } }, 'generic'],
    [
      'qwen3-30b-a3b',
      'dgx-h100-64',
      'ep=16,expert-switching=switch',
      { routing: { loads: [[...new Array(120).fill(1), ...new Array(8).fill(9)], new Array(128).fill(1)] } },
      'generic',
    ],
  ] as const)('%s on %s with %s', (model, cluster, held, over, stack) => {
    const options = { ...DEFAULT_OPTIONS, fix: parseConfiguration(held) };
    expect(check(problem(model, cluster, { headroom: 0, ...over }, stack), 60, options)).toBeGreaterThan(20);
  });

  it.each([
    { imbalance: 2.5 },
    { loads: [[30, 30, 10, 10, 10, 10, 10, 10]], capacity: 0.5 },
    { imbalance: 1, capacity: 0.25 },
  ])('of experts routed as %j', (routing) => {
    const p = problem('mixtral-8x7b', 'dgx-h100-64', { headroom: 0, routing }, 'megatron-core');
    expect(check(p, 60)).toBeGreaterThan(20);
  });

  it.each([
    ['InfiniBand and RoCE', 'link: ib-hdr200, perNode: 4', 'link: roce-25, perNode: 2', ''],
    ['InfiniBand and Ethernet', 'link: ib-hdr200, perNode: 8', 'link: eth-100, perNode: 1', ''],
    [
      'a slow stated link',
      'link: ib-hdr200, perNode: 4',
      'link: roce-100, perNode: 2',
      'links: [{ between: [a, b], sharedBandwidth: 4 GB/s, layer: tcp }]',
    ],
    [
      'flows that do not fill a node',
      'link: eth-100, perNode: 1, perFlow: 2 GB/s',
      'link: eth-25, perNode: 1',
      '',
    ],
  ])('of pipelines over %s', (_, one, other, links) => {
    const group = (id: string, nic: string) =>
      `  - { id: ${id}, gpu: a100-80-sxm, nodes: 2, gpusPerNode: 8, intraNode: nvlink3, nic: { ${nic} } }`;
    const cluster = clusterFromText(
      `schema: shardwright.cluster/1\ngroups:\n${group('a', one)}\n${group('b', other)}\n${links}\n`,
      'islands.yaml',
    );
    const p = problem('llama-3.1-8b', 'dgx-a100-8', { headroom: 0, globalBatchSize: 128 });
    expect(check({ ...p, cluster }, 60)).toBeGreaterThan(20);
  });

  it.each([
    ['gpt3-175b', 'dgx-a100-4096', { sequenceLength: 2048, globalBatchSize: 1536 }],
    ['deepseek-v3', 'h800-2048', { sequenceLength: 4096, globalBatchSize: 15_360 }],
    ['llama-3.1-70b', 'mixed-32xh100-32xa100-40gb', { globalBatchSize: 512 }],
  ] as const)('of groups of choices: %s on %s', (model, cluster, over) => {
    expect(checkGroups(problem(model, cluster, over), 60)).toBeGreaterThan(1000);
  });

  // A search cuts no layers that two stages hold (mirrored-layers), and bounds none.
  const cut = SCHEDULES.filter((one) => modelsIn(one) === 1).map(({ id }) => id);
  it.each(cut)('of pipelines under %s', (schedule) => {
    const p = problem('llama-3.2-1b', 'mixed-4090-3090', { globalBatchSize: 32, sequenceLength: 1024 });
    const roomy = { ...p, cluster: withMemory(p.cluster, 2 ** 40) };
    const options = { ...DEFAULT_OPTIONS, fix: parseConfiguration(`schedule=${schedule}`) };
    expect(check(roomy, 40, options)).toBeGreaterThan(20);
  });
});
