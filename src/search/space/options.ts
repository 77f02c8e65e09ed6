import type { Legality } from '../../domain/legality.ts';
import type { Techniques } from '../../domain/plan.ts';
import type { Count } from '../../plan-text/configuration.ts';
import { TECHNIQUES } from '../../techniques/index.ts';
import { BY_TIME, type Objective } from './objective.ts';

type Counts = Readonly<Partial<Record<Count, number>>>;

/** What a user holds: plans have exactly these. */
export interface Held {
  readonly counts: Counts;
  readonly schedule?: string;
  readonly techniques: Techniques;
}

/** What plans do not exceed: techniques whose values are numbers, by id. */
export interface Bounded {
  readonly counts: Counts;
  readonly techniques: Techniques;
}

export const NOTHING_HELD: Held & Bounded = { counts: {}, techniques: {} };

/** Whether anything is held or bounded. */
export function isHeld({ counts, schedule, techniques }: Held): boolean {
  return schedule !== undefined || Object.keys(counts).length + Object.keys(techniques).length > 0;
}

/** What is held by both; the second wins where they disagree. */
export function bothHeld(a: Held = NOTHING_HELD, b: Held = NOTHING_HELD): Held {
  const techniques = { ...a.techniques, ...b.techniques };
  return { ...a, ...b, counts: { ...a.counts, ...b.counts }, techniques };
}

export interface SearchOptions {
  /** Plans to return. */
  readonly top: number;
  /** So many more, as far as they tie with the best: none of them is left aside for being slower than the last of `top`. */
  readonly ties: number;
  readonly fix: Held;
  readonly max: Bounded;
  readonly launcher: Legality | null;
  /** What techniques call themselves that are only tried where they are named here. */
  readonly allow: readonly string[];
  /** Only plans that do this, which --allow lets them; left out: all. */
  readonly doing?: string;
  /** Only plans whose stages all have one tensor-parallel degree, in one pipeline: what most launchers run. */
  readonly alikeStages: boolean;
  readonly objective: Objective;
  /** A value that is known to be reached: what cannot beat it is left aside from the start (a warm start). */
  readonly threshold: number;
  /** Cost every configuration that no rule rejects: what the bounds are checked against. */
  readonly exhaustive: boolean;
  /** Neither even split nor nearest miss nor proofs beside the plans: for searches whose best step alone is told. */
  readonly plansAlone: boolean;
  /** Node groups that every plan must use, by index. */
  readonly mustUse: readonly number[];
  /** Node groups that no plan may use, by index. */
  readonly avoid: readonly number[];
  /** Most GPUs a plan may use. */
  readonly maxGpus: number;
  /** Asked now and then; returns why to stop, or null. */
  readonly interrupted: () => string | null;
  readonly maxEvaluations: number;
  /** Called now and then. */
  readonly progress?: (progress: Progress) => void;
}

/** What a search has done. */
export interface Progress {
  readonly evaluated: number;
  /** From 0 to 1: how far the least bound that is left has come towards the value to beat. */
  readonly share: number;
  readonly bestSeconds: number | null;
}

export const DEFAULT_OPTIONS: SearchOptions = {
  top: 5,
  ties: 0,
  fix: NOTHING_HELD,
  max: NOTHING_HELD,
  launcher: null,
  allow: [],
  alikeStages: false,
  exhaustive: false,
  plansAlone: false,
  objective: BY_TIME,
  threshold: Number.POSITIVE_INFINITY,
  mustUse: [],
  avoid: [],
  maxGpus: Number.POSITIVE_INFINITY,
  interrupted: () => null,
  maxEvaluations: Number.POSITIVE_INFINITY,
};

/** Only the best plan of a search is told. */
export const ALONE = { top: 1, ties: 0, plansAlone: true } as const;

/** Whether a user allows a degree, or a size of micro-batch. */
export function within(
  { fix, max }: Pick<SearchOptions, 'fix' | 'max'>,
  name: Count,
  value: number,
): boolean {
  const held = fix.counts[name];
  return (held === undefined || held === value) && value <= (max.counts[name] ?? Number.POSITIVE_INFINITY);
}

/** Whether the techniques of a plan stay below what a user bounds. */
export function below({ techniques: most }: Bounded, techniques: Techniques): boolean {
  return TECHNIQUES.every(({ id, of }) => {
    const bound = most[id];
    return bound === undefined || Number(of(techniques)) <= Number(bound);
  });
}
