import type { ModelSpec } from '../../domain/model.ts';
import type { Problem } from '../../domain/problem.ts';
import { SCHEDULES, scheduleOf, usualSchedule } from '../../schedules/index.ts';
import { remembered, rememberedOf } from '../../units/remembered.ts';
import { byLeave } from './by-leave.ts';
import { divisors, type Frame, type Layout } from './frame.ts';
import { type SearchOptions, within } from './options.ts';
import { type TechniqueChoice, techniqueChoices } from './technique-choices.ts';

/** The rest of a plan, once its devices are arranged. */
export interface Choice extends TechniqueChoice {
  readonly microBatchSize: number;
  readonly vpp: number;
  readonly schedule: string;
  /** Sets of sharded states. */
  readonly dpReplicate: number;
}

/** A chain of stages, apart from where they stand. */
export interface Chain {
  readonly family: Layout['family'];
  readonly tp: number;
  readonly cp: number;
  readonly pp: number;
  readonly dp: number;
  /** Sequences that so many copies share: one by itself, or all together where they do not divide the batch. */
  readonly sequences: number;
  readonly sharing: number;
  /** Its stages have unlike numbers of copies. */
  readonly folded?: true;
  /** It stands beside unlike ones: techniques of several pipelines are tried. */
  readonly beside?: true;
}

/** All of a frame that its chain depends on: frames with the same have the same choices. */
export function chainKey({ family, runs, cp, pp, dp }: Frame): string {
  let tp = 1;
  for (const run of runs) tp = Math.max(tp, run.tp);
  return `${family}|${tp}|${cp}|${pp}|${dp}${isFolded(runs) ? '+' : ''}`;
}

/** All of a search that choices depend on, techniques by their values. */
export function choicesKey({ fix, max, allow, doing, launcher }: SearchOptions): string {
  return JSON.stringify([fix, max, allow, doing, launcher?.schedule]);
}

/** Whether its stages have unlike numbers of copies. */
function isFolded(runs: Frame['runs']): boolean {
  return runs.some(({ fold }) => fold !== runs[0]!.fold);
}

export function chainOf({ workload }: Problem, { family, runs, cp, dp, pp }: Frame): Chain {
  const tp = Math.max(...runs.map((run) => run.tp));
  const { globalBatchSize } = workload;
  const shares =
    globalBatchSize % dp === 0
      ? { sequences: globalBatchSize / dp, sharing: 1 }
      : { sequences: globalBatchSize, sharing: dp };
  return { family, tp, cp, pp, dp, ...shares, ...(isFolded(runs) ? { folded: true } : {}) };
}

export const MOST_MICRO_BATCH = 16;
const MOST_CHUNKS = 8;

/** Every choice for a chain: sizes of micro-batch, chunks per stage, values of techniques. */
export function choices(problem: Problem, chain: Chain, options: SearchOptions): readonly Choice[] {
  const rest = techniquesFor(problem, chain, options);
  const sizes = sizesOf(chain, options);
  const known = rememberedOf(ofSizes, rest, () => new Map<string, readonly Choice[]>());
  return remembered(known, sizes.join(), () =>
    sizes.flatMap((microBatchSize) => rest.map((one) => ofSize(one, microBatchSize))),
  );
}

/** Chains with the same choices have one list of them: what follows from it is worked out once. */
const ofSizes = new WeakMap<readonly Sizeless[], Map<string, readonly Choice[]>>();

type Sizeless = Omit<Choice, 'microBatchSize'>;

const sized = new WeakMap<Sizeless, Choice[]>();

/** Chains that have the same choice have the same object: what follows from it is worked out once. */
function ofSize(one: Sizeless, microBatchSize: number): Choice {
  const known = rememberedOf(sized, one, () => []);
  known[microBatchSize] ??= { microBatchSize, ...one };
  return known[microBatchSize];
}

function sizesOf({ sequences, sharing }: Chain, options: SearchOptions): number[] {
  const held = options.fix.counts['micro-batch'];
  return divisors(sequences).filter(
    (size) =>
      sequences >= size * sharing &&
      (size <= MOST_MICRO_BATCH || size === held) &&
      within(options, 'micro-batch', size),
  );
}

/** Choices but for the size of micro-batches. */
export function techniquesFor(problem: Problem, chain: Chain, options: SearchOptions): readonly Sizeless[] {
  const { fix, launcher } = options;
  const { tp, cp, pp, dp, sharing, folded = false, beside = false } = chain;
  const asked = fix.schedule ?? (pp > 1 ? launcher?.schedule : undefined);
  const dpReplicate = fix.counts['dp-replicate'] ?? 1;
  const chunks = chunksPerStage(problem.model, chain, asked).filter(
    // Rounds of several chunks want a multiple of the stages from every copy; and several chunks on unlike copies can be written down nowhere.
    (v) => within(options, 'vpp', v) && (v === 1 || (sharing === 1 && !folded)),
  );
  const lists = chunks.flatMap((vpp) => {
    const dims = { tp, cp, pp, dpReplicate, dpShard: dp / dpReplicate, ep: 1, etp: 1, vpp };
    const all = techniqueChoices(problem, dims, options, beside);
    return schedulesFor(chain, vpp, asked, options).map((schedule) =>
      remembered(
        rememberedOf(ofShape, all, () => new Map<string, readonly Sizeless[]>()),
        `${vpp}|${schedule}|${dpReplicate}`,
        () => all.map((one) => ({ vpp, schedule, dpReplicate, ...one })),
      ),
    );
  });
  return inRow(lists, options.doing);
}

/** Lists one after the other, or of them what does one thing: one object for the same lists. */
function inRow(lists: readonly (readonly Sizeless[])[], doing: string | undefined): readonly Sizeless[] {
  if (lists.length === 1 && doing === undefined) return lists[0]!;
  const key = `${doing}|${lists.map((list) => rememberedOf(numbers, list, () => ++listed)).join()}`;
  return remembered(rows, key, () => {
    const all = lists.flat();
    return doing === undefined ? all : all.filter((one) => byLeave(one).includes(doing));
  });
}

const rows = new Map<string, readonly Sizeless[]>();
const numbers = new WeakMap<readonly Sizeless[], number>();
let listed = 0;

/** The one that is asked for; else the usual one, and beside it those that `--allow` names, of copies that all take as many micro-batches. */
function schedulesFor(
  { pp, sharing }: Chain,
  vpp: number,
  asked: string | undefined,
  { allow }: SearchOptions,
): string[] {
  const usual = asked ?? usualSchedule(vpp).id;
  if (asked !== undefined || allow.length === 0 || pp === 1 || vpp > 1 || sharing > 1) return [usual];
  const more = SCHEDULES.filter(({ allowedAs }) => allowedAs !== undefined && allow.includes(allowedAs));
  return [usual, ...more.map(({ id }) => id)];
}

const ofShape = new WeakMap<readonly TechniqueChoice[], Map<string, readonly Sizeless[]>>();

/** How many choices a frame has; frames that are alike in all that choices depend on are counted once. */
export function choiceCounts(problem: Problem, options: SearchOptions): (frame: Frame) => number {
  const counted = new Map<string, number>();
  return (frame) =>
    remembered(counted, chainKey(frame), () => {
      const chain = chainOf(problem, frame);
      const sizes = sizesOf(chain, options).length;
      return sizes === 0 ? 0 : sizes * techniquesFor(problem, chain, options).length;
    });
}

/**
 * Chunks per stage. Like stages: for which every chunk can hold equally many layers, the ends counted as Megatron counts
 * them. Unlike ones: each stage's own layers are dealt over its chunks.
 */
function chunksPerStage({ layers }: ModelSpec, { pp, family }: Chain, asked: string | undefined): number[] {
  if (pp < 2) return asked === undefined || asked === usualSchedule(1).id ? [1] : [];
  const lie = asked === undefined ? 'loop' : scheduleOf(asked).chunks;
  if (lie === 'one') return [1];
  if (lie === 'mirror') return pp <= layers.length ? [2] : [];
  if (lie === 'fold') return 2 * pp <= layers.length ? [2] : [];
  if (family !== 'uniform') return [1, 2, 4].filter((v) => pp * v <= layers.length);
  const counts = [1];
  for (let v = 2; v <= MOST_CHUNKS && pp * v <= layers.length; v++) {
    const n = layers.length;
    if ([n, n + 1, n + 2].some((slots) => slots % (pp * v) === 0)) counts.push(v);
  }
  return counts;
}
