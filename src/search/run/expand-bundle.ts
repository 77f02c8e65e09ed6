import type { Outline } from '../../domain/legality.ts';
import { estimate } from '../../evaluate/estimate.ts';
import { leastStep } from '../../evaluate/least-step.ts';
import { planLaw } from '../../laws/plan.ts';
import type { PipelineClass } from '../../partition/shares.ts';
import { outerOf } from '../../techniques/index.ts';
import { leastAcross } from '../bound/across-bound.ts';
import { mostRates, secondsLeft, stepAtLeast } from '../bound/bundle-bound.ts';
import { bySize, type Group } from '../bound/by-size.ts';
import { bundlePlan } from '../cut/bundle-plan.ts';
import { type BundleCuts, type CutChain, cutTogether } from '../cut/cut-bundle.ts';
import { type Bundle, bundleChoices, bundleSpace } from '../space/bundles.ts';
import { candidateText } from '../space/candidate.ts';
import type { Choice } from '../space/choices.ts';
import type { Frame, Layout } from '../space/frame.ts';
import { chainsFor } from './bundle-chains.ts';
import { doneWithin, fewestOf, joinsOf, leastOf, mostTogether, staysAlone } from './bundle-within.ts';
import { type Evaluated, insert } from './kept.ts';
import { memoryReason } from './misses.ts';
import { type Run, refusal, worstKept } from './run.ts';

/** A choice, and by class the chains that it leaves, fastest first. */
interface Level {
  readonly choice: Choice;
  readonly total: number;
  readonly classes: readonly (readonly CutChain[])[];
  /** Of the fastest chains together, micro-batches a second. */
  readonly rate: number;
  /** By class: micro-batches that the fullest chains of all later classes get done in time. */
  readonly mostBelow: readonly number[];
}

/** Rejects, bounds or costs every configuration of a bundle, choices with the best bound first. */
export function expandBundle(run: Run, bundle: Bundle): void {
  const choices = bundleChoices(run.problem, bundle, run.options);
  if (choices.length === 0) return;
  const refused = run.options.exhaustive ? null : refusal(run, { outline: outlineOf(bundle, choices) });
  if (refused !== null) {
    run.tally.add(refused, () => textOf(bundle, choices[0]!), choices.length * bundleSpace(bundle));
    return;
  }
  const levels = bySize(choices).flatMap((group) => levelsOf(run, bundle, group));
  for (const level of levels.sort((a, b) => a.total / a.rate - b.total / b.rate)) descend(run, level, []);
}

/** What all its plans have, whichever chains they are of. */
function outlineOf({ classes }: Bundle, choices: readonly Choice[]): Outline {
  const [{ runs, cp }] = classes[0] as readonly [Layout];
  const served = classes.flatMap(([layout]) => layout!.runs.map(({ group }) => ({ group, tp: 1 })));
  return {
    ...{ served, depth: runs.length, severalPipelines: true, cp, severalChunks: false },
    ...{ equalShares: true, equalCopies: true },
    ...(choices.some(({ techniques }) => outerOf(techniques) !== null) ? { apart: true } : {}),
  };
}

/** The choices of one size of micro-batch with the chains that may yet be fast enough; all other configurations are counted. */
function levelsOf(run: Run, bundle: Bundle, group: Group): Level[] {
  const { problem, book } = run;
  const total = problem.workload.globalBatchSize / group.barest[0]!.microBatchSize;
  const rates = bundle.classes.map((layouts) => mostRates(problem, book, layouts, group));
  const most = rates.map((all) => Math.max(...all));
  const together = most.reduce((a, b) => a + b, 0);
  const frames = bundle.classes.map(([layout]) => layout!);
  const left = bundle.classes.map((layouts, i) =>
    layouts.filter(
      (_, l) => rates[i]![l]! > 0 && !tooSlow(run, frames, total / (together - most[i]! + rates[i]![l]!)),
    ),
  );
  const dealt = sizeOf(rates.map((all) => all.filter((rate) => rate > 0)));
  const few = group.choices.length * (bundleSpace(bundle) - dealt);
  if (few > 0) run.tally.add(tooFew(total), () => textOf(bundle, group.choices[0]!), few);
  run.boundedAway += group.choices.length * (dealt - sizeOf(left));
  if (left.some((list) => list.length === 0)) return [];
  const within = run.options.objective.id === 'time' ? secondsLeft(problem, worstKept(run)) : Infinity;
  return group.choices.flatMap((choice): Level[] => {
    const classes = enough(
      left.map((layouts, i) =>
        chainsFor(run, layouts, choice, ({ pp }) => {
          const others = left.flatMap((list, j) => (j === i ? [] : list));
          return { seconds: within, joins: fewestOf(others.filter((one) => one.pp === pp)) };
        }),
      ),
      total,
    );
    run.boundedAway += sizeOf(left) - sizeOf(classes);
    if (classes.some((list) => list.length === 0)) return [];
    const fullest = classes.map((list) => Math.max(...list.map(({ most }) => most)));
    const mostBelow = fullest.map((_, i) => fullest.slice(i + 1).reduce((a, b) => a + b, 0));
    const rate = classes.reduce((sum, [first]) => sum + first!.rate, 0);
    return [{ choice, total, classes, rate, mostBelow }];
  });
}

/** Chains that get the batch done in time beside the fullest of the other classes. */
function enough(classes: readonly (readonly CutChain[])[], total: number): (readonly CutChain[])[] {
  const most = classes.map((list) => list.reduce((all, { most: own }) => Math.max(all, own), 0));
  const together = most.reduce((a, b) => a + b, 0);
  return classes.map((list, i) => list.filter((chain) => together - most[i]! + chain.most >= total));
}

function tooSlow(run: Run, frames: readonly Frame[], seconds: number): boolean {
  return run.options.objective.bound(stepAtLeast(run.problem, seconds), frames) >= worstKept(run);
}

const tooFew = (total: number) => ({
  rule: 'micro-batch-per-copy',
  actual: `${total} micro-batches`,
  limit: 'one at least for each copy of a pipeline',
});

function textOf({ classes }: Bundle, choice: Choice): string {
  return classes.map(([layout]) => candidateText({ layout: layout!, choice })).join(' + ');
}

const sizeOf = (classes: readonly (readonly unknown[])[]) =>
  classes.reduce((product, list) => product * list.length, 1);

/**
 * Depth first, fastest chains first; leaves what the joint rate shows to be no better than the worst plan kept. Whether a chain fits
 * at all is more work, and asked where a bundle is about to be costed.
 */
function descend(run: Run, level: Level, chosen: readonly CutChain[]): void {
  const { classes, total } = level;
  if (chosen.length === classes.length) {
    costBundle(run, chosen, total);
    return;
  }
  const list = classes[chosen.length]!;
  const below = sizeOf(classes.slice(chosen.length + 1));
  const rest = classes.slice(chosen.length + 1).reduce((sum, one) => sum + one[0]!.rate, 0);
  const sofar = chosen.reduce((sum, one) => sum + one.rate, 0);
  const most = chosen.reduce((sum, one) => sum + one.most, 0) + level.mostBelow[chosen.length]!;
  for (const [i, chain] of list.entries()) {
    const unfit = chosen.find((one) => one.isUnfit);
    if (unfit !== undefined) {
      run.tally.add(unfit.misfit()!, () => candidateText(unfit.candidate), (list.length - i) * below);
      return;
    }
    const frames = [...chosen, chain].map((one) => one.candidate.layout);
    const stopped = run.options.interrupted() !== null;
    if (stopped || tooSlow(run, frames, total / (sofar + chain.rate + rest))) {
      const others = (list.length - i) * below;
      if (stopped) run.left += others;
      else run.boundedAway += others;
      return;
    }
    if (most + chain.most < total) {
      run.boundedAway += below;
      continue;
    }
    descend(run, level, [...chosen, chain]);
  }
}

function costBundle(run: Run, chosen: readonly CutChain[], total: number): void {
  const { problem, options, book } = run;
  const step =
    options.objective.id === 'time' ? secondsLeft(problem, worstKept(run)) : Number.POSITIVE_INFINITY;
  if (mostTogether(chosen, step) < total) {
    run.boundedAway += 1;
    return;
  }
  const text = () => chosen.map(({ candidate }) => candidateText(candidate)).join(' + ');
  const candidates = chosen.map(({ candidate }) => candidate);
  const frames = candidates.map(({ layout }) => layout);
  const rest = Math.max(
    0,
    ...chosen.filter((one) => joinsOf(chosen, one) === null).map(({ after }) => after.rest),
  );
  const across = rest + leastAcross(problem, book, candidates);
  const slow = tooSlow(run, frames, across + total / chosen.reduce((sum, one) => sum + one.rate, 0));
  if (slow || doneWithin(chosen, step - across) < total) {
    run.boundedAway += 1;
    return;
  }
  for (const one of chosen) {
    const misfit = one.misfit();
    if (misfit === null) continue;
    run.tally.add(misfit, () => candidateText(one.candidate));
    return;
  }
  const cuts = cutTogether(chosen, total);
  if ('rule' in cuts) {
    run.tally.add(cuts, text);
    return;
  }
  const late = chosen.some(
    ({ pace, candidate }, i) =>
      staysAlone(cuts, i) && cuts.shares.perReplica[i]! * candidate.layout.dp > pace.mostAlone(step),
  );
  if (late || tooSlow(run, frames, across + leastOf(cuts))) {
    run.boundedAway += 1;
    return;
  }
  const plan = bundlePlan(problem, chosen, cuts);
  const refused = planLaw(problem, plan) ?? refusal(run, { plan });
  if (refused !== null) {
    run.tally.add(refused, text);
    return;
  }
  if (options.objective.bound(leastStep(problem, plan, book.profiles), frames) >= worstKept(run)) {
    run.boundedAway += 1;
    return;
  }
  const costed = estimate(problem, plan, book.profiles);
  if (costed.verdict === 'does-not-fit') {
    run.tally.add(memoryReason(problem, costed), text);
    return;
  }
  run.evaluated += 1;
  const [{ cut, partition }] = cuts.cuts as [BundleCuts['cuts'][number]];
  const classes = cuts.cuts.map((one, i): PipelineClass => ({ ...one.cut, replicas: frames[i]!.dp }));
  const one: Evaluated = {
    value: options.objective.value(plan, costed),
    family: 'several-pipelines',
    candidate: chosen[0]!.candidate,
    realised: { plan, cut, partition, shares: { ...cuts.shares, classes, total } },
    estimate: costed,
  };
  insert(run.kept, one, run.options);
}
