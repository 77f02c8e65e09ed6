import type { Estimate } from '../../domain/estimate.ts';
import type { Plan, ReplicaBlock } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { estimate } from '../../evaluate/estimate.ts';
import { planLaw } from '../../laws/plan.ts';
import { splitLaw } from '../../laws/split.ts';
import { ownSizes } from '../../partition/own-sizes.ts';
import { zero } from '../../techniques/zero.ts';
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

/** Techniques and a dealing, with sizes for each group of copies and what the slowest copy takes at least, seconds. */
interface Dealt {
  readonly choice: Omit<Choice, 'microBatchSize'>;
  readonly dealing: Dealing;
  /** Null: no sizes sum up. */
  readonly sizes: readonly number[] | null;
  readonly seconds: number;
}

export function copiesSpace(run: Pick<Run, 'problem' | 'options'>, frame: UnlikeCopies): number {
  const { problem, options } = run;
  return copiesChoices(problem, frame, options).length * dealings(problem, frame, options).length;
}

/** Rejects, bounds or costs every configuration of a stage on unlike GPUs, those with the best bound first. */
export function expandCopies(run: Run, frame: UnlikeCopies): void {
  const { problem, options } = run;
  const text = ({ choice, dealing }: Pick<Dealt, 'choice' | 'dealing'>) =>
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
  const among = sizesToChoose(problem);
  const frames = framesOf(frame);
  const all = choices.flatMap((choice) => {
    const pace = paceOf(problem, run.book, frame, choice);
    return deals.map((dealing) => ({
      ...dealt(problem, frame, { choice, dealing }, { ...pace, among }),
      bytes: pace.bytes,
    }));
  });
  const order = all.sort((a, b) => a.seconds - b.seconds);
  for (const [i, one] of order.entries()) {
    if (options.interrupted() !== null) {
      run.left += order.length - i;
      return;
    }
    if (one.sizes === null) run.tally.add(NO_SIZES, () => text(one));
    else if (options.objective.bound(one.seconds, frames) >= worstKept(run)) run.boundedAway += 1;
    else {
      const miss = copiesMiss(problem, frame, one.sizes, one);
      if (miss === null) cost(run, frame, { ...one, sizes: one.sizes }, () => text(one));
      else run.tally.add(miss, () => text(one));
    }
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

function dealt(
  problem: Problem,
  { groups, dp }: UnlikeCopies,
  { choice, dealing }: Pick<Dealt, 'choice' | 'dealing'>,
  { microBatch, end, among }: CopiesPace & { readonly among: readonly number[] },
): Dealt {
  const sequences = problem.workload.globalBatchSize / dealing.microBatches;
  const classes = groups.map(({ count }, group) => ({
    count,
    seconds: (size: number) => microBatch(group, size),
    end: (size: number) => end(group, size),
  }));
  const sizes =
    dealing.sizes === 'equal'
      ? groups.map(() => sequences / dp)
      : ownSizes(classes, { sequences, microBatches: dealing.microBatches }, among);
  if (sizes === null) return { choice, dealing, sizes, seconds: Number.POSITIVE_INFINITY };
  const steps = sizes.map((size, group) => dealing.microBatches * microBatch(group, size) + end(group, size));
  const { stack } = problem;
  const seconds = Math.max(...steps) + stack.host.secondsPerStep;
  return { choice, dealing, sizes, seconds: seconds * stack.timeMultiplier.value };
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
