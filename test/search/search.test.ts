import { describe, expect, it } from 'vitest';
import { modelsFrom } from '../../src/cli/models.ts';
import { devicesOf } from '../../src/domain/plan.ts';
import type { RankedPlan } from '../../src/domain/search-result.ts';
import { TIE } from '../../src/domain/tie.ts';
import { launcherOf } from '../../src/frameworks/index.ts';
import { parseConfiguration as held } from '../../src/plan-text/configuration.ts';
import { planOf } from '../../src/plan-text/plan-of.ts';
import { planText } from '../../src/plan-text/text.ts';
import { queueOf } from '../../src/search/run/queue.ts';
import { search } from '../../src/search/search.ts';
import { BY_MEMORY, byDollars } from '../../src/search/space/objective.ts';
import { DEFAULT_OPTIONS } from '../../src/search/space/options.ts';
import { idleGroups } from '../../src/search/what-if.ts';
import { whyNot } from '../../src/search/why-not.ts';
import { recompute } from '../../src/techniques/recompute.ts';
import { problem } from '../fixtures/problem.ts';
import { withTraining } from '../fixtures/trained.ts';

const mixed = problem('llama-3.2-1b', 'mixed-4090-3090', { globalBatchSize: 16, sequenceLength: 2048 });
const best = search(mixed);

describe('search options', () => {
  describe('plans that tie with the best', () => {
    const p = problem('llama-2-13b', 'dgx-a100-8', { globalBatchSize: 32, sequenceLength: 2048 }, 'generic');
    const asked = { top: 1, ties: 7 };
    const found = search(p, asked);
    const values = found.plans.map(({ estimate }) => estimate.stepSeconds);

    it('are kept beyond those asked for, all of them, and no others', () => {
      expect(values.length).toBeGreaterThan(1);
      for (const value of values) expect(value).toBeLessThan(values[0]! * (1 + TIE));
      const all = search(p, { ...asked, top: 30, ties: 0 }).plans;
      const ties = all.filter(({ estimate }) => estimate.stepSeconds < values[0]! * (1 + TIE));
      expect(found.plans.map(({ plan }) => plan)).toEqual(ties.slice(0, 8).map(({ plan }) => plan));
    });

    it('are those that an exhaustive search keeps', () => {
      const all = search(p, { ...asked, exhaustive: true });
      expect(found.plans.map(({ plan }) => plan)).toEqual(all.plans.map(({ plan }) => plan));
    });

    it('are found again by a warm start, whose file may have fewer', () => {
      const threshold = values[0]! * (1 + TIE);
      const again = search(p, { ...asked, threshold }).plans;
      expect(again.map(({ plan }) => plan)).toEqual(found.plans.map(({ plan }) => plan));
    });
  });

  it('a warm start changes the work, not the plans', () => {
    const threshold = best.plans.at(-1)!.estimate.stepSeconds;
    const warm = search(mixed, { threshold });
    expect(warm.plans.map((p) => p.plan)).toEqual(best.plans.map((p) => p.plan));
    expect(warm.certificate.evaluated).toBeLessThanOrEqual(best.certificate.evaluated);
    expect(warm.certificate.optimal).toBe(true);
  });

  it('entries that were searched for a launcher give the same plans without it as they give alone', () => {
    const queue = queueOf(mixed, DEFAULT_OPTIONS);
    search(mixed, { launcher: launcherOf('torchtitan')!, top: 1 }, queue);
    const again = search(mixed, {}, queue);
    expect(again.plans.map((p) => p.plan)).toEqual(best.plans.map((p) => p.plan));
    expect(again.certificate).toEqual(best.certificate);
  });

  it('stops after --max-evaluations, and says how far it may be from the best', () => {
    const cut = search(mixed, { maxEvaluations: 5 }).certificate;
    expect(cut).toMatchObject({ optimal: false, cutBy: 'max-evaluations' });
    expect(cut.left).toBeGreaterThan(0);
    expect(cut.gap).toBeGreaterThan(0);
    const early = search(mixed, { interrupted: () => 'time-limit' });
    // What the user would run otherwise is known all the same.
    expect(early.plans.map(({ plan }) => plan)).toEqual([(early.evenSplit as RankedPlan).plan]);
    expect(early.certificate).toMatchObject({ optimal: false, evaluated: 0 });
    const few = search(mixed, { interrupted: () => 'time-limit', maxGpus: 4 });
    expect(few).toMatchObject({ plans: [], certificate: { optimal: false, gap: null } });
  });

  it('uses no more GPUs than asked, and every group that must be used', () => {
    const few = search(mixed, { maxGpus: 4, top: 3 });
    for (const { plan } of few.plans) expect(devicesOf(plan)).toBeLessThanOrEqual(4);
    const all = search(mixed, { mustUse: [0, 1], top: 3 });
    for (const { plan } of all.plans) {
      const used = new Set(
        plan.pipelines.flatMap((p) => p.stages.flatMap((s) => s.replicas.map((b) => b.group))),
      );
      expect([...used].sort()).toEqual([0, 1]);
    }
  });

  it.each([
    ['nemotron-h-8b', 'dgx-h100-8', 12],
    ['lfm2-1.2b', '4090-2', 16],
  ])('of the unlike layers of %s on %s it finds what an exhaustive one finds', (name, cluster, layers) => {
    const whole = problem(name, cluster, { globalBatchSize: 8, sequenceLength: 2048 });
    const few = { ...whole, model: { ...whole.model, layers: whole.model.layers.slice(0, layers) } };
    const fix = held('tp=1,micro-batch=1');
    const [all] = search(few, { top: 1, exhaustive: true, fix }).plans;
    const { plans, certificate } = search(few, { top: 1, fix });
    expect(certificate.optimal).toBe(true);
    expect(plans[0]!.estimate.stepSeconds).toBeCloseTo(all!.estimate.stepSeconds, 12);
  });

  it.each([
    ['clip-vit-l-14', '4090-2', 'micro-batch=8'],
    ['clip-vit-l-14', 'mixed-4090-3090', 'micro-batch=8,zero=1'],
    ['amoebanet-d-18-256', 'p40-8', 'micro-batch=8,pp=4'],
  ])('of the layers given of %s on %s it finds what an exhaustive one finds', (name, cluster, text) => {
    const few = problem(name, cluster, { globalBatchSize: 64, sequenceLength: 1, precision: 'fp32' });
    const fix = held(text);
    const [all] = search(few, { top: 1, exhaustive: true, fix }).plans;
    const { plans } = search(few, { top: 1, fix });
    expect(plans[0]!.estimate.stepSeconds).toBeCloseTo(all!.estimate.stepSeconds, 12);
  });

  it.each(['lora', 'qlora', 'full,first-layers=9', 'decoder=frozen,head=full,embedding=full'])(
    'with %s trained it finds what an exhaustive one finds',
    (train) => {
      const few = problem('llama-3.2-1b', '4090-2', { globalBatchSize: 8, sequenceLength: 2048 });
      const part = withTraining(few, train);
      const [all] = search(part, { top: 1, exhaustive: true }).plans;
      const { plans, certificate } = search(part, { top: 1 });
      expect(certificate.optimal).toBe(true);
      expect(plans[0]!.estimate.stepSeconds).toBeCloseTo(all!.estimate.stepSeconds, 12);
    },
  );

  it.each(['reference=llama-3.2-1b', 'teacher=llama-3.2-1b:offloaded,reward=llama-3.2-1b'])(
    'beside %s it finds what an exhaustive one finds',
    (models) => {
      const few = problem('llama-3.2-1b', '4090-2', { globalBatchSize: 8, sequenceLength: 2048 });
      const beside = { ...few, workload: { ...few.workload, ...modelsFrom(models, 'bf16') } };
      const [all] = search(beside, { top: 1, exhaustive: true }).plans;
      const { plans, certificate } = search(beside, { top: 1 });
      expect(certificate.optimal).toBe(true);
      expect(plans[0]!.estimate.stepSeconds).toBeCloseTo(all!.estimate.stepSeconds, 12);
    },
  );

  it.each([23.6, 9, 6])(
    'with offloading allowed on GPUs of %d GiB it finds what an exhaustive one finds',
    (gib) => {
      const base = problem('llama-3.2-1b', '4090-2', { globalBatchSize: 8, sequenceLength: 2048 });
      const groups = base.cluster.groups.map((group) => ({
        ...group,
        gpu: { ...group.gpu, memoryBytes: gib * 2 ** 30 },
      }));
      const few = { ...base, cluster: { ...base.cluster, groups } };
      const allow = ['offload'];
      const [all] = search(few, { top: 1, exhaustive: true, allow }).plans;
      const { plans, certificate } = search(few, { top: 1, allow });
      expect(certificate.optimal).toBe(true);
      expect(plans[0]!.estimate.stepSeconds).toBeCloseTo(all!.estimate.stepSeconds, 12);
      // What does not fit without is told by a search without.
      if (gib === 6) {
        expect(search(few, { top: 1 }).plans).toEqual([]);
        expect(plans[0]!.plan.techniques).not.toHaveProperty('dispatch', 'async');
        expect(plans[0]!.estimate.convergence).toEqual([]);
        const [stale] = search(few, { top: 1, allow: ['offload', 'stale'] }).plans;
        expect(stale!.plan.techniques).toHaveProperty('dispatch', 'async');
        const [undealt] = search(few, { top: 1, allow, fix: held('dispatch=off') }).plans;
        expect(undealt!.plan.techniques).toHaveProperty('offload-optimizer');
      }
    },
  );

  it.each([
    ['4090-2', ''],
    ['mixed-4090-3090', 'tp=1,cp=1,micro-batch=1,dp=2'],
  ])('with stale weights allowed on %s it finds what an exhaustive one finds', (cluster, text) => {
    const few = problem('llama-3.2-1b', cluster, { globalBatchSize: 16, sequenceLength: 2048 });
    const best = (allow: readonly string[], fix: ReturnType<typeof held>, exhaustive = false) =>
      search(few, { top: 1, fix, allow, exhaustive, plansAlone: true }).plans[0]!.estimate;
    const fix = held(text);
    expect(best(['stale'], fix).stepSeconds).toBeCloseTo(best(['stale'], fix, true).stepSeconds, 12);
    const staged = held('pp=2,tp=1,cp=1');
    expect(best(['stale'], staged).staleness).not.toBeNull();
    expect(best([], staged).staleness).toBeNull();
  });

  it('with compressed boundaries allowed it finds what an exhaustive one finds', () => {
    const few = problem('llama-3.2-1b', 'mixed-4090-3090', { globalBatchSize: 16, sequenceLength: 2048 });
    const fix = held('tp=1,cp=1,micro-batch=1,dp=2');
    const allow = ['boundary-compression'];
    const best = (exhaustive: boolean) =>
      search(few, { top: 1, fix, allow, exhaustive, plansAlone: true }).plans[0]!;
    expect(best(false).estimate.stepSeconds).toBeCloseTo(best(true).estimate.stepSeconds, 12);
    expect(best(false).plan.techniques).toHaveProperty('boundary-compression', 8);
  });

  it('with a ladder allowed it finds what an exhaustive one finds', () => {
    const few = problem('llama-3.2-1b', 'dgx-h100-8', { globalBatchSize: 8, sequenceLength: 4096 });
    const fix = held('tp=4,cp=1,pp=2');
    const best = (exhaustive: boolean) =>
      search(few, { top: 1, fix, allow: ['architecture'], exhaustive, plansAlone: true }).plans[0]!;
    expect(best(false).estimate.stepSeconds).toBeCloseTo(best(true).estimate.stepSeconds, 12);
    expect(best(false).plan.techniques).toHaveProperty('architecture', 'ladder');
  });

  it.each([
    ['loss', 14],
    ['cp-comm', 24],
  ] as const)('with any %s allowed it finds what an exhaustive one finds', (allow, gib) => {
    const base = problem('llama-3.2-1b', 'dgx-h100-8', { globalBatchSize: 2, sequenceLength: 65_536 });
    const groups = base.cluster.groups.map((group) => ({
      ...group,
      gpu: { ...group.gpu, memoryBytes: gib * 2 ** 30 },
    }));
    const few = { ...base, cluster: { ...base.cluster, groups } };
    const [all] = search(few, { top: 1, exhaustive: true, allow: [allow] }).plans;
    const { plans, certificate } = search(few, { top: 1, allow: [allow] });
    expect(certificate.optimal).toBe(true);
    expect(plans[0]!.estimate.stepSeconds).toBeCloseTo(all!.estimate.stepSeconds, 12);
    expect(plans[0]!.plan.techniques).toHaveProperty(allow);
  });

  it('a printed configuration gives its plan back, unlike tensor parallelism and order of groups included', () => {
    const sizes = new Set<number>();
    const p = problem('llama-3.1-8b', 'mixed-32xh100-32xa100-40gb', { globalBatchSize: 32 });
    for (const one of [p, mixed]) {
      const { plans } = search(one, { top: 12 });
      for (const { plan } of plans) {
        expect(planOf(one, held(planText(one, plan)))).toMatchObject({ plan });
        const { stages } = plan.pipelines[0]!;
        sizes.add(new Set(stages.map(({ replicas }) => replicas[0]!.tp)).size);
      }
    }
    expect([...sizes].sort()).toEqual([1, 2]);
  });

  it('says why a group is idle, and in which precision it would work', () => {
    const p = problem('llama-3.2-1b', 'mixed-a100-v100', { globalBatchSize: 16, sequenceLength: 1024 });
    const found = search(p, { top: 1 });
    const [v100] = idleGroups(p, found.plans[0]!, { top: 1 });
    expect(v100).toMatchObject({ group: 'v100', stepSeconds: null, reason: { rule: 'precision' } });
    const half = search({ ...p, workload: { ...p.workload, precision: 'fp16' } }, { top: 1 });
    expect(v100!.otherwise).toEqual({
      precision: 'fp16',
      stepSeconds: half.plans[0]!.estimate.stepSeconds,
    });
  });

  it('folds plans that differ in a switch only', () => {
    const layouts = best.plans.map(
      ({ plan }) =>
        JSON.stringify(
          plan.pipelines.map((p) =>
            p.stages.map((s) => s.replicas.map((b) => [b.firstDevice, b.count, b.tp])),
          ),
        ) + plan.dims.cp,
    );
    expect(new Set(layouts).size).toBe(layouts.length);
    for (const { variants, estimate } of best.plans)
      for (const variant of variants)
        expect(variant.stepSeconds).toBeGreaterThanOrEqual(estimate.stepSeconds);
  });

  it('recomputes no more layers than memory asks for', () => {
    const p = problem('llama-3.1-8b', 'dgx-h100-8', { globalBatchSize: 64, sequenceLength: 8192 });
    const { plan, estimate: e } = search(p, { top: 1, fix: held('dp=8,zero=2') }).plans[0]!;
    const { mode, layersPerStage } = recompute.of(plan.techniques);
    expect(mode).toBe('full');
    expect(layersPerStage).toBeGreaterThan(0);
    const all = search(p, { top: 1, fix: held('dp=8,zero=2,recompute=full') }).plans[0]!;
    expect(e.stepSeconds).toBeLessThan(all.estimate.stepSeconds);
  });

  it('runs any schedule that is asked for', () => {
    for (const schedule of ['zb-v', 'v-half', 'zb-h1', 'breadth-first', 'gpipe', 'dualpipe-v']) {
      const { plans } = search(mixed, { top: 1, fix: held(`schedule=${schedule},pp=2`) });
      expect(plans[0]!.plan.schedule).toBe(schedule);
    }
  });
});

describe('objectives', () => {
  it('memory: nothing in an exhaustive search fills less', () => {
    const small = { ...mixed, workload: { ...mixed.workload, globalBatchSize: 4 } };
    const options = { top: 1, fix: held('pp=2'), alikeStages: true };
    const least = search(small, { ...options, objective: BY_MEMORY }).plans[0]!;
    const fastest = search(small, options).plans[0]!;
    const share = (one: typeof least) => BY_MEMORY.value(one.plan, one.estimate);
    expect(share(least)).toBeLessThan(share(fastest));
  });

  it('dollars: dear GPUs stay idle, and bounds keep the optimum', () => {
    const objective = byDollars(mixed.cluster, [10, 0.1]);
    const cheap = search(mixed, { top: 1, objective }).plans[0]!;
    expect(
      cheap.plan.pipelines.flatMap((p) => p.stages.flatMap((s) => s.replicas.map((b) => b.group))),
    ).not.toContain(0);
    const all = search(mixed, { top: 1, objective, exhaustive: true, fix: held('tp=1') }).plans[0]!;
    const pruned = search(mixed, { top: 1, objective, fix: held('tp=1') }).plans[0]!;
    expect(objective.value(pruned.plan, pruned.estimate)).toBe(objective.value(all.plan, all.estimate));
  });
});

describe('questions', () => {
  it('why not: the fastest plan with those dimensions, or the rule that forbids it', () => {
    const slower = whyNot(mixed, 'tp=4', held('tp=4'), {});
    expect(slower.plan!.estimate.stepSeconds).toBeGreaterThan(best.plans[0]!.estimate.stepSeconds);
    const never = whyNot(mixed, 'tp=16', held('tp=16'), {});
    expect(never.plan).toBeNull();
    const tight = whyNot(
      problem('llama-3.1-70b', 'mixed-4090-3090', { globalBatchSize: 16 }),
      'pp=2',
      held('pp=2'),
      {},
    );
    expect(tight.plan).toBeNull();
    expect(tight.rejected.map(({ rule }) => rule)).toContain('memory');
  });

  it('idle groups: what using them too would take', () => {
    const p = problem('llama-3.1-8b', 'two-regions', { globalBatchSize: 256 });
    const options = { top: 1, fix: held('cp=1'), alikeStages: true };
    const { plans } = search(p, options);
    const [idle] = idleGroups(p, plans[0]!, options);
    expect(idle!.stepSeconds!).toBeGreaterThan(plans[0]!.estimate.stepSeconds);
  });
});
