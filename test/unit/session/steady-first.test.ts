import { describe, expect, it } from 'vitest';
import type { Plan } from '../../../src/domain/plan.ts';
import type { Problem } from '../../../src/domain/problem.ts';
import type { RankedPlan, SearchResult } from '../../../src/domain/search-result.ts';
import { withNetworkAt, withNetworkLatencyTimes } from '../../../src/domain/slower-network.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { parseConfiguration } from '../../../src/plan-text/configuration.ts';
import { kindsOfParallelism } from '../../../src/plan-text/kinds-of-parallelism.ts';
import { planOf } from '../../../src/plan-text/plan-of.ts';
import { planText } from '../../../src/plan-text/text.ts';
import { search } from '../../../src/search/search.ts';
import { BY_MEMORY, BY_TIME, byDollars } from '../../../src/search/space/objective.ts';
import { planRun } from '../../../src/session/plan-run.ts';
import { steadyFirst } from '../../../src/session/steady-first.ts';
import { problem } from '../../fixtures/problem.ts';

const P = problem('llama-3.1-8b', 'l40s-32', { globalBatchSize: 128 }, 'generic');
const FOUND = search(P, { top: 6 });
const kinds = ({ plan }: RankedPlan) => kindsOfParallelism(plan).length;
const BY = { objective: BY_TIME, top: 5, rank: 'steady' } as const;

/** The plans of a search as if all were ties, the one with most kinds of parallelism first. */
const TIED: SearchResult = {
  ...FOUND,
  plans: [...FOUND.plans]
    .sort((a, b) => kinds(b) - kinds(a))
    .map((one, i) => ({ ...one, rank: i + 1, tiedWithBest: true })),
};

describe('plans that the model cannot tell apart', () => {
  const { result, steady } = steadyFirst(P, TIED, BY);

  it('begin with the steadiest, and go on as they were', () => {
    expect(new Set(TIED.plans.map(kinds)).size).toBeGreaterThan(1);
    const rest = TIED.plans.filter(({ plan }) => plan !== result.plans[0]!.plan);
    expect(result.plans.slice(1).map(({ plan }) => plan)).toEqual(rest.slice(0, 4).map(({ plan }) => plan));
    expect(result.plans.map(({ rank }) => rank)).toEqual([1, 2, 3, 4, 5]);
    expect(kinds(result.plans[0]!)).toBeLessThan(kinds(TIED.plans[0]!));
  });

  it('say why, and what it costs', () => {
    const [first] = result.plans;
    expect(steady).toMatchObject({
      why: 'simpler',
      rank: 2,
      configuration: planText(P, TIED.plans[0]!.plan),
      costShare: first!.estimate.stepSeconds / TIED.plans[0]!.estimate.stepSeconds - 1,
      under: null,
    });
    expect(steadyFirst(P, TIED, { ...BY, top: 1 }).steady!.rank).toBeNull();
  });

  it('are told with what each disturbance makes of them, by the one evaluator', () => {
    const { plan, disturbed } = result.plans[0]!;
    const slow = { ...P, cluster: withNetworkAt(0.5, P.cluster) };
    const late = { ...P, cluster: withNetworkLatencyTimes(2, P.cluster) };
    const seconds = (id: string) => disturbed!.find((one) => one.id === id)!.stepSeconds;
    expect(seconds('network-at-half-rate')).toBe(estimate(slow, plan).stepSeconds);
    expect(seconds('network-latency-doubled')).toBe(estimate(late, plan).stepSeconds);
    expect(disturbed!.map(({ id }) => id)).not.toContain('uneven-experts');
  });

  it('stay as they were by --rank fastest, for memory, and where nothing ties', () => {
    const before = TIED.plans.slice(0, 5).map(({ plan }) => plan);
    const order = (given: SearchResult, over: object) =>
      steadyFirst(P, given, { ...BY, ...over }).result.plans.map(({ plan }) => plan);
    expect(order(TIED, { rank: 'fastest' })).toEqual(before);
    expect(order(TIED, { objective: BY_MEMORY })).toEqual(before);
    const apart = { ...TIED, plans: TIED.plans.map((one, i) => ({ ...one, tiedWithBest: i === 0 })) };
    expect(order(apart, {})).toEqual(before);
    expect(steadyFirst(P, apart, BY).steady).toBeNull();
    // As long a step as twice the soonest is no tie.
    const [soonest, ...rest] = TIED.plans;
    const late = rest.map((one) => ({
      ...one,
      estimate: { ...one.estimate, stepSeconds: 2 * soonest!.estimate.stepSeconds },
    }));
    expect(order({ ...TIED, plans: [soonest!, ...late] }, {})[0]).toBe(soonest!.plan);
  });
});

it('the first plan is the same however many are printed', async () => {
  const q = problem('llama-3.1-8b', 'dgx-h100-8', { globalBatchSize: 128 }, 'generic');
  const firsts = await Promise.all(
    [1, 5, 12].map(async (top) => (await planRun({ problem: q, options: { top } })).result.plans[0]!.plan),
  );
  expect(firsts[1]).toEqual(firsts[0]);
  expect(firsts[2]).toEqual(firsts[0]);
});

describe('plans by what a token costs', () => {
  const q = problem('llama-3.1-8b', 'dgx-h100-64', { globalBatchSize: 512, sequenceLength: 8192 }, 'generic');
  const objective = byDollars(q.cluster, [2.5]);
  const dollars = ({ plan, estimate }: RankedPlan) => objective.value(plan, estimate);
  const found = (top: number, rank: 'steady' | 'fastest' = 'steady') =>
    planRun({ problem: q, rank, options: { top, objective } });

  it('begin with one that is done as soon as any that costs as much', async () => {
    const [{ result, beside }, inOrder] = await Promise.all([found(5), found(40, 'fastest')]);
    const [cheapest] = inOrder.result.plans;
    const tied = inOrder.result.plans.filter(({ tiedWithBest }) => tiedWithBest);
    const soonest = Math.min(...tied.map(({ estimate }) => estimate.stepSeconds));
    // Of 16 GPUs of 64.
    expect(cheapest!.estimate.stepSeconds).toBeGreaterThan(3 * soonest);
    expect(result.plans[0]!.estimate.stepSeconds).toBeLessThanOrEqual(soonest * 1.05);
    expect(dollars(result.plans[0]!)).toBeLessThanOrEqual(dollars(cheapest!) * 1.05);
    expect(result.plans[1]!.plan).toEqual(cheapest!.plan);
    expect(beside.steady).toMatchObject({
      why: 'sooner',
      stepSeconds: cheapest!.estimate.stepSeconds,
      costShare: dollars(result.plans[0]!) / dollars(cheapest!) - 1,
      under: null,
    });
  });

  it('begin with the same one however many are printed', async () => {
    const all = await Promise.all([1, 12].map((top) => found(top)));
    const [one, other] = all.map(({ result }) => result.plans[0]!.plan);
    expect(one).toEqual(other);
  });
});

it('a slower network slows nothing inside a node', () => {
  const one = problem('llama-3.1-8b', 'dgx-h100-8', { globalBatchSize: 128 }, 'generic');
  const [best] = search(one, { top: 1 }).plans;
  for (const worse of [withNetworkAt(0.5, one.cluster), withNetworkLatencyTimes(2, one.cluster)])
    expect(estimate({ ...one, cluster: worse }, best!.plan).stepSeconds).toBe(best!.estimate.stepSeconds);
});

describe('plans that an expert would not begin with', () => {
  /** Plans as if they tied, the second 5 % behind the first. */
  const told = (p: Problem, plans: readonly Plan[]): SearchResult => {
    const slower = estimate(p, plans[1]!).stepSeconds;
    const ranked = plans.map((plan, i): RankedPlan => {
      const costed = { ...estimate(p, plan), stepSeconds: i === 0 ? slower / 1.049 : slower };
      return { ...FOUND.plans[0]!, plan, rank: i + 1, estimate: costed, tiedWithBest: true };
    });
    return { ...FOUND, plans: ranked };
  };

  it('come after: experts over 256 GPUs before experts over 64', () => {
    const q = problem('deepseek-v3', 'h800-2048', { globalBatchSize: 15_360 });
    const plans = [
      'tp=4,pp=1,dp=512,ep=256,micro-batch=2,recompute=full',
      'tp=2,pp=16,dp=64,ep=64,micro-batch=1',
    ].map((text) => {
      const outcome = planOf(q, parseConfiguration(text));
      if ('rule' in outcome) throw new Error(`${text}: ${outcome.actual}, ${outcome.limit}`);
      return outcome.plan;
    });
    const { result, steady } = steadyFirst(q, told(q, plans), BY);
    expect(result.plans[0]!.plan).toBe(plans[1]);
    // It gains most when experts are out of balance, too.
    expect(steady).toMatchObject({ why: 'steady', beyond: ['EP 256, measured up to 64'] });
  });

  it('come after: context parallelism on hosts without NVLink before data parallelism', () => {
    const q = problem('llama-3.1-8b', '4090-32', { globalBatchSize: 96, sequenceLength: 8192 }, 'generic');
    const fix = (cp: number) => ({ counts: { cp, tp: 1, pp: 8 }, techniques: {} });
    const plans = [2, 1].map((cp) => search(q, { top: 1, fix: fix(cp), plansAlone: true }).plans[0]!.plan);
    const { result, steady } = steadyFirst(q, told(q, plans), BY);
    expect(result.plans[0]!.plan).toBe(plans[1]);
    expect(steady).toMatchObject({ why: 'simpler', kinds: { first: ['PP'], fastest: ['CP', 'PP'] } });
  });
});
