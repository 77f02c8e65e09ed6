import { describe, expect, it } from 'vitest';
import { clusterFromText } from '../../../src/catalogue/clusters.ts';
import type { Problem } from '../../../src/domain/problem.ts';
import type { Routing } from '../../../src/domain/routing.ts';
import { specOf } from '../../../src/evaluate/context.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { stageProfile } from '../../../src/evaluate/stage-profile.ts';
import { seconds } from '../../../src/evaluate/time/pass-time.ts';
import { LAUNCHERS } from '../../../src/frameworks/index.ts';
import { coefficients } from '../../../src/hardware/coefficients.ts';
import { collectiveSeconds, twoLevelAllToAll } from '../../../src/hardware/collective.ts';
import { spanOf } from '../../../src/hardware/span.ts';
import { parseConfiguration } from '../../../src/plan-text/configuration.ts';
import { planOf } from '../../../src/plan-text/plan-of.ts';
import { search } from '../../../src/search/search.ts';
import { problem } from '../../fixtures/problem.ts';
import { planned } from '../frameworks/fixture.ts';

const MiB = 2 ** 20;
const c = coefficients();

/** The machines of its authors: 8 A100 and 8 ports of HDR InfiniBand each. */
const azure = (gpus: number) =>
  spanOf(
    clusterFromText(
      `schema: shardwright.cluster/1
groups:
  - { id: nd, gpu: a100-80-sxm, nodes: ${gpus / 8}, gpusPerNode: 8, intraNode: nvlink3, nic: { link: ib-hdr200, perNode: 8 } }
`,
      'azure.yaml',
    ),
    0,
    1,
    gpus,
  );
const linear = (gpus: number, bytes: number) => collectiveSeconds(azure(gpus), 'allToAll', bytes, c);
const levels = (gpus: number, bytes: number) => twoLevelAllToAll(azure(gpus), bytes, c);

describe('all-to-all in two levels (figure 18 of Tutel)', () => {
  it('takes less for small messages, and for large ones only among many GPUs', () => {
    expect(levels(256, MiB)).toBeLessThan(linear(256, MiB));
    for (const size of [32, 256]) {
      expect(levels(64, size * MiB)).toBeGreaterThan(linear(64, size * MiB));
      expect(levels(2048, size * MiB)).toBeLessThan(linear(2048, size * MiB));
    }
  });

  it('sends as many bytes, in messages eight times larger', () => {
    const inside = collectiveSeconds(azure(8), 'allToAll', 128 * MiB, c);
    // Its authors measured about 600 µs for that size inside a node.
    expect(Math.abs(inside / 600e-6 - 1)).toBeLessThan(0.06);
    const perMessage = (linear(2048, MiB) - linear(2048, 2 * MiB) / 2) * 2;
    expect(perMessage).toBeGreaterThan(2040 * 2e-6);
    expect(levels(8, MiB)).toBe(linear(8, MiB));
  });

  it('starts a message to each peer as p5 nodes do, within 15 %', () => {
    const p5 = (nodes: number) =>
      clusterFromText(
        `schema: shardwright.cluster/1
groups:
  - { id: p5, gpu: h100-sxm, nodes: ${nodes}, gpusPerNode: 8, intraNode: nvlink4, nic: { link: efa-p5, perNode: 32 } }
`,
        'p5.yaml',
      );
    for (const [nodes, measured] of [
      [32, 1695.5e-6],
      [32, 2916.5e-6],
    ] as const) {
      const bytes = measured < 2e-3 ? 32 * MiB : 64 * MiB;
      const predicted = collectiveSeconds(spanOf(p5(nodes), 0, 1, 8 * nodes), 'allToAll', bytes, c);
      expect(predicted / measured).toBeGreaterThan(0.85);
      expect(predicted / measured).toBeLessThan(1.15);
    }
  });
});

const GIVEN = problem('qwen3-30b-a3b', 'dgx-h100-64', { globalBatchSize: 256 }, 'generic');
const SPLIT = 'tp=1,pp=1,dp=64,ep=32,zero=1,recompute=full';
const routed = (routing: Routing): Problem => ({ ...GIVEN, workload: { ...GIVEN.workload, routing } });

function layerOf(how: string, on: Problem = GIVEN, microBatch = 1) {
  const plan = planned(on, `${SPLIT},micro-batch=${microBatch},expert-switching=${how}`);
  const stage = plan.pipelines[0]!.stages[0]!;
  return stageProfile(on, specOf(plan, 1, stage, stage.replicas[0]!)).layers[0]![0]!;
}
const secondsOf = ({ time }: ReturnType<typeof layerOf>) =>
  seconds(time.forward) + seconds(time.backward) + seconds(time.recompute);

describe('experts that come to the tokens', () => {
  it('are gathered, and their gradients scattered, whatever the tokens', () => {
    const [few, many] = [layerOf('dp'), layerOf('dp', GIVEN, 2)];
    expect(many.time.forward.expertParallel).toBe(few.time.forward.expertParallel);
    const span = spanOf(GIVEN.cluster, 0, 1, 32);
    const weights = 128 * 2048 * 768 * 2;
    const gathered = (bytes: number) => collectiveSeconds(span, 'allGather', bytes, c);
    expect(few.time.forward.expertParallel).toBeCloseTo(gathered(2 * weights) + gathered(weights), 9);
    expect(layerOf('ep', GIVEN, 2).time.forward.expertParallel).toBeGreaterThan(
      1.8 * layerOf('ep').time.forward.expertParallel,
    );
  });

  it('are held whole while a layer needs them', () => {
    const more = layerOf('dp').memory.restored - layerOf('ep').memory.restored;
    expect(more / (3 * 128 * 2048 * 768 * 2)).toBeGreaterThan(0.9);
    expect(layerOf('dp').memory.owned).toEqual(layerOf('ep').memory.owned);
  });

  it('are as busy as others, however unevenly tokens are routed', () => {
    const uneven = routed({ imbalance: 3 });
    expect(secondsOf(layerOf('dp', uneven))).toBeCloseTo(
      secondsOf(layerOf('dp', routed({ imbalance: 1 }))),
      9,
    );
    expect(secondsOf(layerOf('ep', uneven))).toBeGreaterThan(1.3 * secondsOf(layerOf('ep')));
  });
});

describe('switching', () => {
  it.each([1, 2, 4])(
    'takes the faster of the two, and has room for either (micro-batch %i)',
    (microBatch) => {
      const [ep, dp, both] = ['ep', 'dp', 'switch'].map((how) => layerOf(how, GIVEN, microBatch));
      expect(secondsOf(both!)).toBe(Math.min(secondsOf(ep!), secondsOf(dp!)));
      expect(both!.memory.restored).toBe(Math.max(ep!.memory.restored, dp!.memory.restored));
      expect(both!.memory.saved).toBe(Math.max(ep!.memory.saved, dp!.memory.saved));
    },
  );

  it('goes to the weights where tokens are many or unevenly routed, as its authors found', () => {
    const wins = (on: Problem, microBatch: number) =>
      secondsOf(layerOf('dp', on, microBatch)) < secondsOf(layerOf('ep', on, microBatch));
    expect([wins(GIVEN, 1), wins(GIVEN, 4)]).toEqual([false, true]);
    expect([1, 4].map((imbalance) => wins(routed({ imbalance }), 2))).toEqual([false, true]);
  });

  it('decides layer by layer where a trace tells their loads', () => {
    const flat = new Array<number>(128).fill(1);
    const hot = flat.map((one, i) => (i < 4 ? 40 : one));
    const mixed = routed({ loads: [flat, hot] });
    const each = [flat, hot].map((layer) => secondsOf(layerOf('switch', routed({ loads: [layer] }), 2)));
    expect(secondsOf(layerOf('switch', mixed, 2))).toBeCloseTo((each[0]! + each[1]!) / 2, 9);
    for (const how of ['ep', 'dp'])
      expect(secondsOf(layerOf('switch', mixed, 2))).toBeLessThan(secondsOf(layerOf(how, mixed, 2)));
  });

  it('is found by a search that may, and refused by name by every launcher', () => {
    const fix = parseConfiguration('tp=1,pp=1,cp=1,ep=32,etp=1,micro-batch=4,recompute=full');
    const { plans } = search(GIVEN, { fix, allow: ['expert-switching', 'expert-exchange'], top: 1 });
    const [{ plan, estimate: best }] = plans as [(typeof plans)[number]];
    expect(['dp', 'switch']).toContain(plan.techniques['expert-switching']);
    const { plans: without } = search(GIVEN, { fix, top: 1 });
    expect(best.stepSeconds).toBeLessThan(without[0]!.estimate.stepSeconds);
    for (const { id, reject } of LAUNCHERS) {
      if (id === 'json' || id === 'env') continue;
      const reason = reject(GIVEN, plan);
      expect(reason, id).not.toBeNull();
    }
  });

  it.each([
    ['dp=64,ep=1,expert-switching=dp', 'ep=1'],
    ['tp=2,dp=32,ep=16,etp=2,expert-switching=dp', 'etp=2'],
    ['dp=64,ep=32,expert-switching=dp,expert-exchange=2dh', 'expert-exchange=2dh'],
    ['dp=64,ep=8,expert-exchange=2dh', 'ep=8'],
  ])('%s has nothing to do', (text, said) => {
    const found = planOf(GIVEN, parseConfiguration(`pp=1,micro-batch=1,${text}`));
    expect('rule' in found && `${found.actual} ${found.limit}`).toContain(said);
  });

  it('is for stacks that exchange by all-to-all', () => {
    const deepep = { ...GIVEN, stack: { ...GIVEN.stack, moeDispatcher: 'deepep' as const } };
    for (const one of ['expert-switching=dp', 'expert-exchange=2dh']) {
      const found = planOf(deepep, parseConfiguration(`${SPLIT},micro-batch=1,${one}`));
      expect('rule' in found && found.actual).toContain('deepep');
    }
    expect(
      estimate(GIVEN, planned(GIVEN, `${SPLIT},micro-batch=1,expert-exchange=2dh`)).stepSeconds,
    ).toBeGreaterThan(0);
  });
});
