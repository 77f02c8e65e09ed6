import type { Scored } from '../../src/accuracy/score.ts';
import { TIE } from '../../src/domain/tie.ts';
import { estimate } from '../../src/evaluate/estimate.ts';
import { kindsOfParallelism } from '../../src/plan-text/kinds-of-parallelism.ts';
import { pick } from '../../src/runs/pick.ts';
import { plansOf } from '../../src/runs/plans.ts';
import { problemsOf } from '../../src/runs/problem.ts';
import { BY_TIME } from '../../src/search/space/objective.ts';
import { type Contender, SURE, steadiest } from '../../src/session/steady-choice.ts';
import { weakness } from '../../src/session/steady-first.ts';
import { disturbedValues } from '../../src/session/step-range.ts';

/** Of pairs in which the fastest of a sweep by estimate is ahead of another run by less than `upTo`, in how many it was the slower. */
export interface WrongOrders {
  readonly upTo: number;
  readonly pairs: number;
  readonly wrong: number;
}

/** What the order of plans is worth, over sweeps of at least three runs of one workload. */
export interface Order {
  readonly wrongOrders: readonly WrongOrders[];
  /** What the plan costs over the best of its sweep that is fastest by estimate; that `plan` puts first. */
  readonly fastestRegret: number;
  readonly steadyRegret: number;
  /** In how many sweeps the two differ. */
  readonly elsewhere: number;
}

type Run = Scored & { readonly predictedStepSeconds: number; readonly measuredStepSeconds: number };

export function orderOf(scored: readonly Scored[]): Order {
  const sweeps = sweepsOf(scored);
  const regret = (of: (runs: readonly Run[]) => Run) => {
    const each = sweeps.map(
      (runs) => of(runs).measuredStepSeconds / Math.min(...runs.map((run) => run.measuredStepSeconds)) - 1,
    );
    return each.reduce((a, b) => a + b, 0) / each.length;
  };
  return {
    wrongOrders: wrongOrders(sweeps),
    fastestRegret: regret(fastestOf),
    steadyRegret: regret(steadyOf),
    elsewhere: sweeps.filter((runs) => steadyOf(runs) !== fastestOf(runs)).length,
  };
}

function sweepsOf(scored: readonly Scored[]): Run[][] {
  const sweeps = new Map<string, Run[]>();
  for (const run of scored) {
    const { workload } = run.row;
    if (run.status === 'scored' && run.stepError !== undefined && workload)
      sweeps.set(workload, [...(sweeps.get(workload) ?? []), run as Run]);
  }
  return [...sweeps.values()].filter((runs) => runs.length >= 3);
}

const STEPS = [TIE, SURE, Number.POSITIVE_INFINITY];

function wrongOrders(sweeps: readonly (readonly Run[])[]): WrongOrders[] {
  const pairs = sweeps.flatMap((runs) => {
    const first = fastestOf(runs);
    return runs
      .filter((run) => run !== first)
      .map((run) => ({
        ahead: run.predictedStepSeconds / first.predictedStepSeconds - 1,
        wrong: run.measuredStepSeconds < first.measuredStepSeconds,
      }));
  });
  return STEPS.map((upTo, i) => {
    const some = pairs.filter(({ ahead }) => ahead < upTo && ahead >= (STEPS[i - 1] ?? 0));
    return { upTo, pairs: some.length, wrong: some.filter(({ wrong }) => wrong).length };
  });
}

/** Of runs that tie with the fastest by estimate the one that `plan` would put first. */
function steadyOf(runs: readonly Run[]): Run {
  const first = fastestOf(runs);
  const ties = runs.filter((run) => run.predictedStepSeconds < first.predictedStepSeconds * (1 + TIE));
  if (ties.length === 1) return first;
  const all = ties.map((run) => ({ run, ...contender(run) }));
  // Runs of a sweep may be of unlike clusters.
  const shared = all[0]!.ids.filter((id) => all.every(({ ids }) => ids.includes(id)));
  const alike = all.map(({ ids, disturbed, ...rest }) => ({
    ...rest,
    disturbed: shared.map((id) => disturbed[ids.indexOf(id)]!),
  }));
  return steadiest(alike).first.run;
}

function contender({ row, predictedStepSeconds }: Run): Contender & { readonly ids: readonly string[] } {
  const problems = problemsOf(row, []);
  const plans = plansOf(row, problems[0]!, []);
  const all = problems.flatMap((problem) =>
    plans.map((plan) => ({ problem, plan, estimate: estimate(problem, plan) })),
  );
  const { problem, plan, estimate: costed } = pick(all, row.outcome !== 'oom');
  const [under] = disturbedValues(problem, [{ plan, estimate: costed }], BY_TIME);
  return {
    ids: under!.map(({ id }) => id),
    value: predictedStepSeconds,
    // It ran: what it needs fitted.
    disturbed: under!.map(({ value }) => value),
    evidence: weakness(plan, costed.weakestProvenance),
    kinds: kindsOfParallelism(plan).length,
  };
}

function fastestOf(runs: readonly Run[]): Run {
  return runs.reduce((a, b) => (b.predictedStepSeconds < a.predictedStepSeconds ? b : a));
}
