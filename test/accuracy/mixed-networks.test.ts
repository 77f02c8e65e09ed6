import { describe, expect, it } from 'vitest';
import { clusterFromText } from '../../src/catalogue/clusters.ts';
import { loadModel } from '../../src/catalogue/models.ts';
import { loadStack } from '../../src/catalogue/stacks.ts';
import { deviceCount } from '../../src/domain/cluster.ts';
import { layersOf, type Plan } from '../../src/domain/plan.ts';
import type { Problem } from '../../src/domain/problem.ts';
import { estimate } from '../../src/evaluate/estimate.ts';
import { launcherOf } from '../../src/frameworks/index.ts';
import { parseConfiguration } from '../../src/plan-text/configuration.ts';
import { planOf } from '../../src/plan-text/plan-of.ts';
import { search } from '../../src/search/search.ts';
import { planTransports } from '../fixtures/plan-transports.ts';

/**
 * Holmes (arXiv 2312.03549; CodexDive/Holmes @ 03d9522 and tag v0.0.1): hosts of 8 A100, fp16, flash attention, selective
 * recomputation of the core attention, micro-batch 4, 2 stages, distributed optimizer. `config.json` names 4 InfiniBand
 * cards and 2 RoCE cards a host, and for sockets one bonded interface. The rate of the cards is not published: HDR and
 * 25 GbE are taken, and batches of 768 and 1,536.
 */
const INFINIBAND = 'link: ib-hdr200, perNode: 4';
const ROCE = 'link: roce-25, perNode: 2';
const ETHERNET = 'link: eth-25, perNode: 1';

function problem(model: string, batch: number, groups: readonly (readonly [string, number])[]): Problem {
  const lines = groups.map(
    ([nic, nodes], i) =>
      `  - { id: island-${i}, gpu: a100-80-sxm, nodes: ${nodes}, gpusPerNode: 8, intraNode: nvlink3, nic: { ${nic} } }`,
  );
  return {
    model: loadModel(model).value,
    cluster: clusterFromText(`schema: shardwright.cluster/1\ngroups:\n${lines.join('\n')}\n`, 'holmes.yaml'),
    stack: loadStack('megatron-2023'),
    workload: {
      sequenceLength: 2048,
      globalBatchSize: batch,
      precision: 'fp16',
      optimizer: 'adamw',
      headroom: 0.08,
    },
  };
}

/** Megatron's FLOP count with all layers recomputed (arXiv 2104.04473, section 5.1), per GPU and second, in 1e12. */
function teraflops(of: Problem, layers = '', hiding = 0): number {
  const { model, workload, stack, cluster } = of;
  const dp = deviceCount(cluster) / 2;
  const text = `pp=2,dp=${dp},micro-batch=4,sharding=1,recompute=core_attn${layers}`;
  const outcome = planOf(of, parseConfiguration(text));
  if ('rule' in outcome) throw new Error(outcome.limit);
  const overlap = { ...stack.overlap, dataParallel: hiding };
  const { stepSeconds } = estimate({ ...of, stack: { ...stack, overlap } }, outcome.plan);
  const [l, h, s, v] = [model.layers.length, model.hiddenSize, workload.sequenceLength, model.vocabSize];
  const flops = 96 * workload.globalBatchSize * s * l * h ** 2 * (1 + s / (6 * h) + v / (16 * l * h));
  return flops / stepSeconds / deviceCount(cluster) / 1e12;
}

describe('one kind of network: GPT 3.6B on 4 nodes', () => {
  it.each([
    ['InfiniBand', INFINIBAND, 197],
    ['RoCE', ROCE, 160],
    ['Ethernet', ETHERNET, 122],
  ])('%s is within 12 % of what was published', (_, nic, published) => {
    const error = teraflops(problem('megatron-3.6b', 768, [[nic, 4]])) / published - 1;
    expect(Math.abs(error)).toBeLessThan(0.12);
  });
});

describe('half InfiniBand, half RoCE: GPT 7.5B on 8 nodes', () => {
  const islands = problem('megatron-7.5b', 1536, [
    [INFINIBAND, 4],
    [ROCE, 4],
  ]);
  // Holmes overlaps its distributed optimizer; stock Megatron does not, and takes sockets for all groups.
  const holmes = teraflops(islands, ',layers=19/17', 1);
  const stock = teraflops(problem('megatron-7.5b', 1536, [[ETHERNET, 8]]));

  it('is within 12 % of 1.40 times stock Megatron, and of both figures', () => {
    expect(Math.abs(holmes / stock / 1.4 - 1)).toBeLessThan(0.12);
    expect(Math.abs(holmes / 195 - 1)).toBeLessThan(0.12);
    expect(Math.abs(stock / 139 - 1)).toBeLessThan(0.12);
  });

  it('is no faster over the faster network everywhere', () => {
    expect(teraflops(problem('megatron-7.5b', 1536, [[INFINIBAND, 8]]), '', 1)).toBeGreaterThan(holmes);
  });
});

describe('a search over two InfiniBand and two RoCE nodes', () => {
  const islands = problem('megatron-3.6b', 768, [
    [INFINIBAND, 2],
    [ROCE, 2],
  ]);
  const megatron = launcherOf('megatron')!;
  const fix = parseConfiguration('micro-batch=4,cp=1,recompute=core_attn,sharding=1');
  const { plans } = search(islands, { top: 1, launcher: megatron, fix });
  const { plan } = plans[0] as { plan: Plan };
  const [{ stages }] = plan.pipelines as [Plan['pipelines'][number]];

  it('keeps data parallelism inside an island and runs the pipeline across', () => {
    expect(planTransports(islands.cluster, plan)).toMatchObject({ data: 'rdma', pipeline: 'socket' });
    for (const { replicas } of stages) expect(new Set(replicas.map(({ group }) => group)).size).toBe(1);
  });

  it('gives the faster island the more layers, as Holmes does: 16 and 14', () => {
    expect(stages.map(layersOf)).toEqual([16, 14]);
    expect(stages.map(({ replicas }) => replicas[0]!.group)).toEqual([0, 1]);
  });

  it('is written for Megatron, and refused with the law where one network has to do', () => {
    expect(megatron.reject(islands, plan)).toBeNull();
    const origin = { origin: 'a test', inputs: { model: 'a model', cluster: 'a.yaml' } };
    expect(megatron.render(islands, plan, origin).length).toBeGreaterThan(0);
    expect(launcherOf('megatron-bridge')!.reject(islands, plan)).toMatchObject({ rule: 'one-network' });
  });
});
