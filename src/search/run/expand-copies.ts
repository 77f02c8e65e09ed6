import type { Estimate } from '../../domain/estimate.ts';
import type { Plan, ReplicaBlock } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { estimate } from '../../evaluate/estimate.ts';
import { planLaw } from '../../laws/plan.ts';
import { splitLaw } from '../../laws/split.ts';
import { type CopiesClass, type CopiesLoad, ownSizes } from '../../partition/own-sizes.ts';
import { zero } from '../../techniques/zero.ts';
import { Heap } from '../../units/heap.ts';
import { remembered, rememberedOf } from '../../units/remembered.ts';
import {
  type CopiesPace,
  classesOf,
  copiesBound,
  dealtSeconds,
  equalSizes,
  leastDealt,
  loadOf,
  paceOf,
} from '../bound/copies-bound.ts';
import { copiesMiss } from '../bound/copies-miss.ts';
import type { CostBook } from '../bound/cost-book.ts';
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
import type { Entry } from './entry.ts';
import { type Evaluated, insert } from './kept.ts';
import { memoryReason } from './misses.ts';
import type { Batch, Part, Rest } from './part.ts';
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

/** An entry of the queue that is one stage on unlike GPUs. */
export type CopiesEntry = Entry & { readonly copies: UnlikeCopies };

/** Of each search, what is left of entries of which something was costed. */
const opened = new WeakMap<CostBook, Map<Entry, Heap<Item>>>();

/**
 * Rejects, bounds or costs configurations of a stage on unlike GPUs, those with the best bound first; those with bounds of `upto` or
 * more are left for later. Opened a second time it goes on where it was left: by the thread that opened it first.
 */
export function expandCopies(
  run: Run,
  entry: CopiesEntry,
  part: Part,
  { upto, plans }: Pick<Batch, 'upto' | 'plans'>,
): Rest | null {
  const { problem, options, book } = run;
  const { copies: frame } = entry;
  const started = rememberedOf(opened, book, () => new Map<Entry, Heap<Item>>());
  const items = remembered(started, entry, () => allOf(run, frame));
  for (let one = items.take(); one !== undefined; one = items.take()) {
    const { bound, sizes, classes, load } = one;
    if (options.interrupted() !== null) {
      run.left += items.size + 1;
      break;
    }
    if (bound >= worstKept(run) && bound < Number.POSITIVE_INFINITY) {
      run.boundedAway += items.size + 1;
      break;
    }
    if (run.evaluated >= plans && bound >= upto && bound > part.bound) {
      items.add(one);
      return { bound, opened: true, count: items.size };
    }
    const text = () => textOf(frame, one!);
    if (sizes === null) {
      const found = ownSizes(classes, load, sizesToChoose(problem));
      if (found === null) run.tally.add(NO_SIZES, text);
      else {
        const seconds = dealtSeconds(one.pace, load, [...found.keys()], (group) => found[group]!);
        items.add({ ...one, sizes: found, bound: copiesBound(problem, options, frame, seconds) });
      }
      continue;
    }
    const miss = copiesMiss(problem, frame, sizes, one.pace);
    if (miss === null) cost(run, frame, { ...one, sizes }, text);
    else run.tally.add(miss, text);
  }
  started.delete(entry);
  return null;
}

/** All configurations that no law forbids. */
function allOf(run: Run, frame: UnlikeCopies): Heap<Item> {
  const { problem, options } = run;
  const choices = copiesChoices(problem, frame, options);
  const deals = dealings(problem, frame, options);
  const items = new Heap<Item>();
  const [first] = choices;
  if (first === undefined || deals.length === 0) return items;
  const { tp, cp, dp, ep, etp } = frame;
  const shapes = frame.groups.map(({ group }) => ({ group, tp }));
  const refused =
    splitLaw(problem, { shapes, cp, dp, ep, etp }) ?? refusal(run, { outline: outlineOf(frame) });
  if (refused !== null) {
    const text = () => textOf(frame, { choice: first, dealing: deals[0]! });
    run.tally.add(refused, text, choices.length * deals.length);
    return items;
  }
  for (const choice of choices) {
    const pace = paceOf(problem, run.book, frame, choice);
    const classes = classesOf(frame, pace);
    for (const dealing of deals) {
      const load = loadOf(problem, dealing);
      const sizes = dealing.sizes === 'equal' ? equalSizes(frame, load) : null;
      const bound = copiesBound(problem, options, frame, leastDealt(problem, frame, pace, dealing));
      items.add({ choice, dealing, pace, classes, load, sizes, bound });
    }
  }
  return items;
}

function textOf({ tp, cp, dp }: UnlikeCopies, { choice, dealing }: Dealt): string {
  return `tp=${tp},pp=1,dp=${dp},cp=${cp},zero=${zero.of(choice.techniques)}, ${dealing.microBatches} micro-batches of ${dealing.sizes} sizes`;
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
  insert(run.kept, found, run.options);
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
