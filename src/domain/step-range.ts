/** A plan once one thing has turned out worse than it is described. */
export interface Disturbed {
  /** Id of the disturbance. */
  readonly id: string;
  /** For people: `the network at half its rate`. */
  readonly name: string;
  readonly stepSeconds: number;
  /** Within all the memory there is: headroom is there for this. */
  readonly fits: boolean;
}

/** The disturbance under which a plan takes longest, one that it does not fit under before all others; null: none slows it. */
export function worstOf(stepSeconds: number, disturbed: readonly Disturbed[]): Disturbed | null {
  const cost = (one: Disturbed) => (one.fits ? one.stepSeconds : Number.POSITIVE_INFINITY);
  const [first, ...rest] = disturbed;
  if (first === undefined) return null;
  const worst = rest.reduce((a, b) => (cost(b) > cost(a) ? b : a), first);
  return cost(worst) > stepSeconds ? worst : null;
}

/** Why a plan comes before one that is a little faster, and what that costs. */
export interface SteadyChoice {
  /** `sooner`: the other costs a little less and takes longer; `steady`: it falls behind, or does not fit, under `disturbance`; `evidence`: it rests on weaker figures, or on degrees that nobody measured; `simpler`: it uses more kinds of parallelism. */
  readonly why: 'sooner' | 'steady' | 'evidence' | 'simpler';
  /** Of the fastest. */
  readonly stepSeconds: number;
  readonly configuration: string;
  /** Its rank; null: not among the plans that are told. */
  readonly rank: number | null;
  /** Of the step, how much longer the first takes. */
  readonly costShare: number;
  /** Where `why` is `steady`: the first and the fastest under it. */
  readonly under: {
    readonly id: string;
    readonly name: string;
    readonly first: number;
    readonly fastest: number;
    readonly fastestFits: boolean;
  } | null;
  /** Degrees of the fastest that nobody measured, where the first has none: `['EP 256, measured up to 64']`. */
  readonly beyond: readonly string[];
  /** The kinds of parallelism that each uses: `['TP', 'PP', 'DP']`. */
  readonly kinds: { readonly first: readonly string[]; readonly fastest: readonly string[] };
}
