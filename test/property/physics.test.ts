import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cluster, NodeGroup } from '../../src/domain/cluster.ts';
import type { GpuSpec } from '../../src/domain/gpu.ts';
import type { LinkSpec } from '../../src/domain/link.ts';
import type { Plan } from '../../src/domain/plan.ts';
import type { Problem } from '../../src/domain/problem.ts';
import { estimate } from '../../src/evaluate/estimate.ts';
import { parseConfiguration } from '../../src/plan-text/configuration.ts';
import { planOf } from '../../src/plan-text/plan-of.ts';
import { problem } from '../fixtures/problem.ts';

/** What a plan may be asked on: one kind of GPU on a good network, two kinds, no fast domain, a mesh, TCP. */
const CLUSTERS = ['dgx-h100-64', 'mixed-a100-v100', '4090-32', 'mi300x-64', 't4-cloud-16', 'two-regions'];

const CASES = fc.record({
  model: fc.constantFrom('llama-3.2-1b', 'llama-3.1-8b', 'mixtral-8x7b', 'deepseek-v2-lite', 'nemotron-h-8b'),
  cluster: fc.constantFrom(...CLUSTERS),
  stack: fc.constantFrom('megatron-core', 'megatron-2021', 'torch-fsdp2', 'deepspeed', 'generic'),
  tp: fc.constantFrom(1, 2, 4),
  cp: fc.constantFrom(1, 2),
  pp: fc.constantFrom(1, 2, 4),
  ep: fc.constantFrom(1, 2, 4),
  vpp: fc.constantFrom(1, 2),
  micro: fc.constantFrom(1, 2),
  zero: fc.constantFrom(0, 1, 2, 3),
  recompute: fc.constantFrom('none', 'selective', 'full'),
  sequenceLength: fc.constantFrom(2048, 4096),
});
type Case = typeof CASES extends fc.Arbitrary<infer T> ? T : never;

const FACTOR = fc.double({ min: 1, max: 8, noNaN: true });

/** A problem and a plan on it; null where no such plan is lawful. */
function drawn(one: Case): { readonly on: Problem; readonly plan: Plan } | null {
  const { sequenceLength, model, cluster, stack } = one;
  const on = problem(model, cluster, { sequenceLength, precision: 'fp16' }, stack);
  const { tp, cp, pp, ep, vpp } = one;
  const gpus = on.cluster.groups.reduce((sum, { nodes, gpusPerNode }) => sum + nodes * gpusPerNode, 0);
  if (gpus % (tp * cp * pp) !== 0) return null;
  const degrees = `tp=${tp},cp=${cp},pp=${pp},dp=${gpus / (tp * cp * pp)},ep=${on.model.kinds.some(({ ffn }) => ffn?.kind === 'moe') ? ep : 1},vpp=${vpp}`;
  const how = `micro-batch=${one.micro},zero=${one.zero},recompute=${one.recompute}`;
  const made = planOf(on, parseConfiguration(`${degrees},${how}`));
  return 'rule' in made ? null : { on, plan: made.plan };
}

/** Of lawful plans alone; that there are enough of them is part of the property. */
function holds(law: (on: Problem, plan: Plan, factor: number) => void, numRuns = 100): void {
  let lawful = 0;
  fc.assert(
    fc.property(CASES, FACTOR, (one, factor) => {
      const found = drawn(one);
      if (found === null) return;
      lawful += 1;
      law(found.on, found.plan, factor);
    }),
    { numRuns },
  );
  expect(lawful).toBeGreaterThan(numRuns / 5);
}

const groupsAs = (on: Problem, change: (group: NodeGroup) => NodeGroup): Problem => ({
  ...on,
  cluster: { ...on.cluster, groups: on.cluster.groups.map(change) },
});
const seconds = (on: Problem, plan: Plan) => estimate(on, plan).stepSeconds;
/** The last digits are those of sums in another order. */
const ROUND = 1 + 1e-9;

/** The same kind of link, so much faster; what was measured on it rises with it. */
function faster(link: LinkSpec, by: number): LinkSpec {
  return {
    ...link,
    bandwidth: link.bandwidth * by,
    perFlow: link.perFlow === null ? null : link.perFlow * by,
    inSwitchReduction:
      link.inSwitchReduction === null
        ? null
        : { ...link.inSwitchReduction, busBandwidth: link.inSwitchReduction.busBandwidth * by },
    collectives: link.collectives.map((curve) => ({
      ...curve,
      lines: curve.lines.map((line) => ({ ...line, bandwidth: line.bandwidth * by })),
    })),
  };
}

/** Ways between groups that a file states or that are assumed. */
function fasterWays(cluster: Cluster, by: number): Cluster {
  return {
    ...cluster,
    links: cluster.links.map((link) => ({
      ...link,
      kind: link.kind === null ? null : faster(link.kind, by),
      sharedBandwidth: link.sharedBandwidth * by,
      bandwidthPerNode: link.bandwidthPerNode * by,
      nominalPerNode: link.nominalPerNode * by,
      perFlow: link.perFlow * by,
    })),
  };
}

function fasterNetwork(on: Problem, by: number): Problem {
  const cards = groupsAs(on, (group) => ({
    ...group,
    nic: {
      ...group.nic,
      link: faster(group.nic.link, by),
      sockets: faster(group.nic.sockets, by),
      measured: group.nic.measured === null ? null : group.nic.measured * by,
    },
  }));
  return { ...cards, cluster: fasterWays(cards.cluster, by) };
}

const fasterDomain = (on: Problem, by: number) =>
  groupsAs(on, (group) => ({ ...group, intraNode: faster(group.intraNode, by) }));

/** Peak rates, of every format. */
const withPeaks = (gpu: GpuSpec, by: number): GpuSpec => ({
  ...gpu,
  peakFlops: Object.fromEntries(Object.entries(gpu.peakFlops).map(([dtype, rate]) => [dtype, rate * by])),
});

describe('a fixed plan', () => {
  it('is never slower on a faster network', () => {
    holds((on, plan, by) =>
      expect(seconds(fasterNetwork(on, by), plan)).toBeLessThanOrEqual(seconds(on, plan) * ROUND),
    );
  });

  it('is never slower on a faster link inside its hosts', () => {
    holds((on, plan, by) =>
      expect(seconds(fasterDomain(on, by), plan)).toBeLessThanOrEqual(seconds(on, plan) * ROUND),
    );
  });

  it('is never slower where each hop takes less', () => {
    holds((on, plan, by) => {
      const shorter = groupsAs(on, (group) => ({
        ...group,
        nic: { ...group.nic, link: { ...group.nic.link, latency: group.nic.link.latency / by } },
        intraNode: { ...group.intraNode, latency: group.intraNode.latency / by },
      }));
      expect(seconds(shorter, plan)).toBeLessThanOrEqual(seconds(on, plan) * ROUND);
    });
  });

  /** What faster GPUs send sooner may meet at a shared card and wait there: a little of what they gain. */
  const QUEUED = 1.01;

  it('is never slower on GPUs that compute faster, nor on faster memory', () => {
    holds((on, plan, by) => {
      const was = seconds(on, plan);
      const computing = groupsAs(on, (group) => ({ ...group, gpu: withPeaks(group.gpu, by) }));
      expect(seconds(computing, plan)).toBeLessThanOrEqual(was * QUEUED);
      const moving = groupsAs(on, ({ gpu, ...group }) => ({
        ...group,
        gpu: { ...gpu, memoryBandwidth: gpu.memoryBandwidth * by },
      }));
      expect(seconds(moving, plan)).toBeLessThanOrEqual(was * QUEUED);
    });
  });

  /** A little more than twice: kernels that are done sooner are throttled less. */
  it('is hardly more than twice as fast where all is twice as fast, and never slower', () => {
    holds((on, plan) => {
      const was = seconds(on, plan);
      const doubled = groupsAs(fasterDomain(fasterNetwork(on, 2), 2), (group) => ({
        ...group,
        gpu: { ...withPeaks(group.gpu, 2), memoryBandwidth: group.gpu.memoryBandwidth * 2 },
      }));
      const now = seconds(doubled, plan);
      expect(now).toBeLessThanOrEqual(was * ROUND);
      expect(now).toBeGreaterThan(0.47 * was);
    });
  });

  it('needs no more of GPUs that have more memory, and fits wherever it fitted', () => {
    holds((on, plan, by) => {
      const larger = groupsAs(on, ({ gpu, ...group }) => ({
        ...group,
        gpu: { ...gpu, memoryBytes: gpu.memoryBytes * by },
      }));
      const [was, now] = [estimate(on, plan), estimate(larger, plan)];
      const order = ['fits', 'tight', 'does-not-fit'];
      for (const [i, { memory }] of now.stages.entries()) {
        const before = was.stages[i]!.memory;
        expect(memory.allocatedBytes).toBe(before.allocatedBytes);
        expect(order.indexOf(memory.verdict)).toBeLessThanOrEqual(order.indexOf(before.verdict));
      }
      expect(now.stepSeconds).toBe(was.stepSeconds);
    });
  });

  it('takes longer with twice the micro-batches, at most twice as long', () => {
    holds((on, plan) => {
      const { globalBatchSize } = on.workload;
      const twice: Problem = { ...on, workload: { ...on.workload, globalBatchSize: 2 * globalBatchSize } };
      const doubled: Plan = {
        ...plan,
        pipelines: plan.pipelines.map((one) => ({
          microBatches: one.microBatches * 2,
          stages: one.stages.map((stage) => ({
            ...stage,
            replicas: stage.replicas.map((block) => ({ ...block, microBatches: block.microBatches * 2 })),
          })),
        })),
      };
      const [was, now] = [seconds(on, plan), seconds(twice, doubled)];
      expect(now).toBeGreaterThan(was);
      expect(now).toBeLessThanOrEqual(2 * was * ROUND);
    });
  });

  it('takes no longer, and no more memory, with half the tokens of a sequence', () => {
    holds((on, plan) => {
      const sequenceLength = on.workload.sequenceLength / 2;
      const half = estimate({ ...on, workload: { ...on.workload, sequenceLength } }, plan);
      const whole = estimate(on, plan);
      expect(half.stepSeconds).toBeLessThanOrEqual(whole.stepSeconds * ROUND);
      for (const [i, { memory }] of half.stages.entries())
        expect(memory.allocatedBytes).toBeLessThanOrEqual(whole.stages[i]!.memory.allocatedBytes * ROUND);
    });
  });

  it('is never faster under a lower power cap', () => {
    holds((on, plan, by) => {
      const capped = groupsAs(on, (group) => ({ ...group, powerCapWatts: group.gpu.powerWatts / by }));
      expect(seconds(capped, plan) * ROUND).toBeGreaterThanOrEqual(seconds(on, plan));
    });
  });
});
