import type { Estimate } from '../../domain/estimate.ts';
import type { Plan, ReplicaBlock } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { estimate } from '../../evaluate/estimate.ts';
import { planLaw } from '../../laws/plan.ts';
import { splitLaw } from '../../laws/split.ts';
import {
  type CopiesClass,
  type CopiesLoad,
  leastOfOwnSizes,
  ownSizes,
  slowestOf,
} from '../../partition/own-sizes.ts';
import { zero } from '../../techniques/zero.ts';
import { Heap } from '../../units/heap.ts';
import { type CopiesPace, copiesMiss, framesOf, paceOf } from '../bound/copies-bound.ts';
import { sharedByMemory } from '../cut/state-parts.ts';
import type { Choice } from '../space/choices.ts';
import { frameOf } from '../space/frame.ts';
import {
  copiesChoices,
  type Dealing,
  dealings,
  sizesToChoose,
  type UnlikeCopies,
} from '../space/unlike-copies.ts';
import { type Evaluated, insert } from './kept.ts';
import { memoryReason } from './misses.ts';
import { type Run, refusal, worstKept } from './run.ts';

/** Techniques and a dealing. */
interface Dealt {
  readonly choice: Omit<Choice, 'microBatchSize'>;
  readonly dealing: Dealing;
}

/** None of its plans has a smaller value than its bound. */
interface Item extends Dealt {
  readonly pace: CopiesPace;
  readonly classes: readonly CopiesClass[];
  readonly load: CopiesLoad;
  /** For each group of copies; null: not looked for yet, as it is work. */
  readonly sizes: readonly number[] | null;
  readonly bound: number;
}

export function copiesSpace(run: Pick<Run, 'problem' | 'options'>, frame: UnlikeCopies): number {
  const { problem, options } = run;
  return copiesChoices(problem, frame, options).length * dealings(problem, frame, options).length;
}

/** Rejects, bounds or costs every configuration of a stage on unlike GPUs, those with the best bound first. */
export function expandCopies(run: Run, frame: UnlikeCopies): void {
  const { problem, options } = run;
  const text = ({ choice, dealing }: Dealt) =>
    `tp=${frame.tp},pp=1,dp=${frame.dp},cp=${frame.cp},zero=${zero.of(choice.techniques)}, ${dealing.microBatches} micro-batches of ${dealing.sizes} sizes`;
  const choices = copiesChoices(problem, frame, options);
  const deals = dealings(problem, frame, options);
  const [first] = choices;
  const { tp, cp, dp, ep, etp } = frame;
  const shapes = frame.groups.map(({ group }) => ({ group, tp }));
  const refused =
    splitLaw(problem, { shapes, cp, dp, ep, etp }) ?? refusal(run, { outline: outlineOf(frame) });
  if (first === undefined || deals.length === 0) return;
  if (refused !== null) {
    run.tally.add(refused, () => text({ choice: first, dealing: deals[0]! }), choices.length * deals.length);
    return;
  }
  const frames = framesOf(frame);
  const among = sizesToChoose(problem);
  const { host, timeMultiplier } = problem.stack;
  /** `slowest`: seconds of the copy that takes longest. */
  const boundOf = (slowest: number) =>
    options.objective.bound((slowest + host.secondsPerStep) * timeMultiplier.value, frames);
  const items = new Heap<Item>();
  for (const choice of choices) {
    const pace = paceOf(problem, run.book, frame, choice);
    const classes = classesOf(frame, pace);
    for (const dealing of deals) {
      const { microBatches } = dealing;
      const load = { sequences: problem.workload.globalBatchSize / microBatches, microBatches };
      const sizes = dealing.sizes === 'equal' ? frame.groups.map(() => load.sequences / dp) : null;
      const least = sizes === null ? leastOfOwnSizes(classes, load, among) : slowestOf(classes, load, sizes);
      items.add({ choice, dealing, pace, classes, load, sizes, bound: boundOf(least) });
    }
  }
  for (let one = items.take(); one !== undefined; one = items.take()) {
    if (options.interrupted() !== null) {
      run.left += items.size + 1;
      return;
    }
    const { sizes } = one;
    if (one.bound >= worstKept(run) && one.bound < Number.POSITIVE_INFINITY) {
      run.boundedAway += items.size + 1;
      return;
    }
    if (sizes === null) {
      const found = ownSizes(one.classes, one.load, among);
      if (found === null) run.tally.add(NO_SIZES, () => text(one!));
      else items.add({ ...one, sizes: found, bound: boundOf(slowestOf(one.classes, one.load, found)) });
      continue;
    }
    const miss = copiesMiss(problem, frame, sizes, one.pace);
    if (miss === null) cost(run, frame, { ...one, sizes }, () => text(one!));
    else run.tally.add(miss, () => text(one!));
  }
}

const NO_SIZES = {
  rule: 'own-micro-batch-sizes',
  actual: 'no unlike sizes of micro-batches sum up to the batch',
  limit: 'sizes of 1 to 16 sequences',
};

function outlineOf({ groups, tp, cp }: UnlikeCopies) {
  return {
    served: groups.map(({ group }) => ({ group, tp })),
    depth: 1,
    severalPipelines: false,
    cp,
    severalChunks: false,
    equalShares: true,
    equalCopies: true,
  };
}

function classesOf({ groups }: UnlikeCopies, pace: CopiesPace): CopiesClass[] {
  return groups.map(({ count }, group) => ({
    count,
    seconds: (size) => pace.microBatch(group, size),
    end: (size) => pace.end(group, size),
  }));
}

function cost(
  run: Run,
  frame: UnlikeCopies,
  one: Dealt & { readonly sizes: readonly number[] },
  text: () => string,
): void {
  const { problem, options, book } = run;
  const estimated = (plan: Plan) => estimate(problem, plan, book.profiles);
  let plan = planOf(problem, frame, one);
  const refused = planLaw(problem, plan) ?? refusal(run, { plan });
  if (refused !== null) {
    run.tally.add(refused, text);
    return;
  }
  let costed = estimated(plan);
  if (costed.verdict === 'does-not-fit') {
    const shared = roomier(run, frame, plan, estimated);
    if (shared === null || shared.costed.verdict === 'does-not-fit') {
      run.tally.add(memoryReason(problem, costed), text);
      return;
    }
    ({ plan, costed } = shared);
  }
  run.evaluated += 1;
  const { tp, cp, ep, etp, groups } = frame;
  const layout = { ...frameOf([{ group: groups[0]!.group, stages: 1, tp }], cp, frame.dp), ep, etp };
  const found: Evaluated = {
    value: options.objective.value(plan, costed),
    family: 'unlike-copies',
    candidate: { layout, choice: { ...one.choice, microBatchSize: one.sizes[0]! } },
    realised: { plan, cut: null, partition: null },
    estimate: costed,
  };
  insert(run.kept, found, options.top);
}

/** With the states shared out by memory, where there are shards and the launcher has such shares. */
function roomier(
  run: Run,
  frame: UnlikeCopies,
  plan: Plan,
  estimated: (plan: Plan) => Estimate,
): { readonly plan: Plan; readonly costed: Estimate } | null {
  if (zero.of(plan.techniques) === 0 || frame.ep > 1 || plan.dims.dpReplicate > 1) return null;
  const shared = sharedByMemory(plan, estimated);
  if (shared === null || refusal(run, { plan: shared }) !== null) return null;
  return { plan: shared, costed: estimated(shared) };
}

function planOf(
  { model, cluster }: Problem,
  { groups, tp, cp, dp, ep, etp }: UnlikeCopies,
  { choice, dealing, sizes }: Dealt & { readonly sizes: readonly number[] },
): Plan {
  const [usual] = sizes as readonly [number, ...number[]];
  const { microBatches } = dealing;
  const replicas = groups.map(
    ({ group, count }, i): ReplicaBlock => ({
      ...{ count, group, firstDevice: cluster.groups[group]!.firstDevice, tp, microBatches },
      ...(sizes[i] === usual ? {} : { microBatchSize: sizes[i]! }),
    }),
  );
  const stage = { chunks: [{ first: 0, end: model.layers.length }], microBatchSize: usual, replicas };
  return {
    pipelines: [{ stages: [stage], microBatches: microBatches * dp }],
    dims: {
      cp,
      ep,
      etp,
      vpp: choice.vpp,
      dpReplicate: zero.of(choice.techniques) === 0 ? 1 : choice.dpReplicate,
    },
    schedule: choice.schedule,
    techniques: choice.techniques,
    nodeOrder: null,
  };
}
