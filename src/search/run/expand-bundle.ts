import type { Pipeline, Plan, Stage } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { estimate } from '../../evaluate/estimate.ts';
import { splitLaw } from '../../laws/split.ts';
import { cutLayers } from '../../partition/cut-layers.ts';
import { type Cut, leastSeconds, type PartitionProblem } from '../../partition/problem.ts';
import { shareMicroBatches } from '../../partition/shares.ts';
import { sequenceParallel } from '../../techniques/sequence-parallel.ts';
import { partitionProblem } from '../cut/partition-problem.ts';
import { planFrom } from '../cut/plan-from.ts';
import type { Bundle } from '../space/bundles.ts';
import { type Candidate, candidateText } from '../space/candidate.ts';
import { type Choice, choices } from '../space/choices.ts';
import type { Frame } from '../space/frame.ts';
import type { SearchOptions } from '../space/options.ts';
import { type Evaluated, insert } from './kept.ts';
import { memoryReason } from './misses.ts';
import { type Run, refusal, worstKept } from './run.ts';

/** A chain that a class of the bundle may be, under a given choice, with its best cut. */
interface Option {
  readonly candidate: Candidate;
  readonly cut: Cut;
  readonly partition: PartitionProblem;
  /** Micro-batches a second, all its replicas together. */
  readonly rate: number;
}

/** Micro-batch sizes and techniques that all pipelines of a bundle share. */
export function bundleChoices(problem: Problem, options: SearchOptions): Choice[] {
  const sequences = problem.workload.globalBatchSize;
  // Choices that hold for any of its chains: as for one with tensor parallelism, replicas and several stages.
  const any = { family: 'type-per-stage', tp: 2, cp: 1, pp: 2, dp: 2, sequences, sharing: 1 } as const;
  const plain = { ...options, fix: { ...options.fix, counts: { ...options.fix.counts, vpp: 1 } } };
  return choices(problem, any, plain).filter(({ fewest }) => fewest === null);
}

export function bundleSpace({ classes }: Bundle): number {
  return classes.reduce((product, frames) => product * frames.length, 1);
}

/** Rejects, bounds or costs every configuration of a bundle, choices with the best bound first. */
export function expandBundle(run: Run, bundle: Bundle): void {
  const { problem } = run;
  const space = bundleSpace(bundle);
  const choices = bundleChoices(problem, run.options).map((choice) => {
    const total = problem.workload.globalBatchSize / choice.microBatchSize;
    const classes = bundle.classes.map((frames) => optionsOf(run, frames, choice, total));
    const rate = classes.reduce((sum, [fastest]) => sum + (fastest?.rate ?? 0), 0);
    return { choice, total, classes, seconds: total / rate };
  });
  for (const { choice, total, classes } of choices.sort((a, b) => a.seconds - b.seconds)) {
    const feasible = classes.reduce((product, list) => product * list.length, 1);
    if (feasible < space) {
      const example = { layout: { ...bundle.classes[0]![0]!, ep: 1, etp: 1 }, choice };
      run.tally.add(
        {
          rule: 'memory',
          actual: 'a class of pipelines without a cut that fits',
          limit: 'GPU memory less headroom',
        },
        () => candidateText(example),
        space - feasible,
      );
    }
    if (feasible === 0) continue;
    const before = run.evaluated + run.tally.total();
    descend(run, classes, total, []);
    const rest = feasible - (run.evaluated + run.tally.total() - before);
    if (run.options.interrupted() === null) run.boundedAway += rest;
    else run.left += rest;
  }
}

function optionsOf(run: Run, frames: readonly Frame[], choice: Choice, total: number): Option[] {
  const { problem, book } = run;
  const all = frames.flatMap((frame): Option[] => {
    const layout = { ...frame, ep: 1, etp: 1 };
    if (splitLaw(problem, { ...layout, shapes: layout.runs }) !== null || frame.dp > total) return [];
    const candidate = { layout, choice };
    const partition = partitionProblem(
      problem,
      candidate,
      book.of(candidate),
      Math.ceil(total / (2 * frame.dp)),
    );
    const cut = cutLayers(partition);
    return 'rule' in cut ? [] : [{ candidate, cut, partition, rate: frame.dp / cut.bottleneckSeconds }];
  });
  return all.sort((a, b) => b.rate - a.rate);
}

/** Depth first, fastest chains first; leaves what the joint rate shows to be no better than the worst plan kept. */
function descend(
  run: Run,
  classes: readonly (readonly Option[])[],
  total: number,
  chosen: readonly Option[],
): void {
  if (chosen.length === classes.length) {
    costBundle(run, chosen, total);
    return;
  }
  const rest = classes.slice(chosen.length + 1).reduce((sum, list) => sum + list[0]!.rate, 0);
  const sofar = chosen.reduce((sum, one) => sum + one.rate, 0);
  for (const option of classes[chosen.length]!) {
    const seconds = (total / (sofar + option.rate + rest)) * run.problem.stack.timeMultiplier.value;
    const frames = [...chosen, option].map((one) => one.candidate.layout);
    const bound = run.options.objective.bound(seconds, frames);
    if (bound >= worstKept(run) || run.options.interrupted() !== null) return;
    descend(run, classes, total, [...chosen, option]);
  }
}

function costBundle(run: Run, chosen: readonly Option[], total: number): void {
  const { problem, options, book } = run;
  const text = () => chosen.map(({ candidate }) => candidateText(candidate)).join(' + ');
  const classes = chosen.map(({ cut, candidate }) => ({
    replicas: candidate.layout.dp,
    bottleneckSeconds: cut.bottleneckSeconds,
    sumSeconds: cut.sumSeconds,
  }));
  const shares = shareMicroBatches(classes, total);
  if ('rule' in shares) {
    run.tally.add(shares, text);
    return;
  }
  const least = Math.max(
    ...chosen.map(({ partition, cut }, i) => leastSeconds(partition, cut, shares.perReplica[i]!)),
  );
  const frames = chosen.map(({ candidate }) => candidate.layout);
  if (options.objective.bound(least * problem.stack.timeMultiplier.value, frames) >= worstKept(run)) return;
  const plan = withoutIdleSwitch(bundlePlan(problem, chosen, shares.perReplica), options);
  const refused = refusal(run, { plan });
  if (refused !== null) {
    run.tally.add(refused, text);
    return;
  }
  const costed = estimate(problem, plan, book.profiles);
  if (costed.verdict === 'does-not-fit') {
    run.tally.add(memoryReason(costed), text);
    return;
  }
  run.evaluated += 1;
  const { candidate, cut, partition } = chosen[0]!;
  const one: Evaluated = {
    value: options.objective.value(plan, costed),
    family: 'several-pipelines',
    candidate,
    realised: { plan, cut, partition, shares: { ...shares, classes, total } },
    estimate: costed,
  };
  insert(run.kept, one, options.top);
}

/** One pipeline for each class; classes of the same depth and cut are replicas of one pipeline. */
function bundlePlan(problem: Problem, chosen: readonly Option[], perReplica: readonly number[]): Plan {
  const plans = chosen.map(({ candidate, cut }, i) =>
    planFrom(problem, candidate, cut.layersPerStage, perReplica[i]! * candidate.layout.dp),
  );
  const pipelines: Pipeline[] = [];
  for (const plan of plans) {
    const [one] = plan.pipelines as [Pipeline];
    const twin = pipelines.findIndex((other) => sameCut(other.stages, one.stages));
    if (twin < 0) pipelines.push(one);
    else pipelines[twin] = merged(pipelines[twin]!, one);
  }
  return { ...plans[0]!, pipelines };
}

/** Choices are made as for tensor parallelism, under which sequence parallelism is usual; with none it is off. */
function withoutIdleSwitch(plan: Plan, { fix }: SearchOptions): Plan {
  const blocks = plan.pipelines.flatMap(({ stages }) => stages.flatMap(({ replicas }) => replicas));
  const idle = fix.techniques[sequenceParallel.id] === undefined && blocks.every(({ tp }) => tp === 1);
  return idle ? { ...plan, techniques: sequenceParallel.set(plan.techniques, false) } : plan;
}

function sameCut(a: readonly Stage[], b: readonly Stage[]): boolean {
  return (
    a.length === b.length &&
    a.every((stage, i) => JSON.stringify(stage.chunks) === JSON.stringify(b[i]!.chunks))
  );
}

function merged(a: Pipeline, b: Pipeline): Pipeline {
  return {
    microBatches: a.microBatches + b.microBatches,
    stages: a.stages.map((stage, i) => ({
      ...stage,
      replicas: [...stage.replicas, ...b.stages[i]!.replicas],
    })),
  };
}
