/** What so many GPUs do. */
export interface Scaled {
  readonly gpus: number;
  readonly stepSeconds: number;
}

export interface Knee<S extends Scaled> {
  /** As far as more GPUs pay. */
  readonly at: S;
  /** The next size on the way that does not; null: the last that is faster pays too. */
  readonly next: S | null;
  /** The fewest GPUs that are nearly as fast as any; null where those are the fastest themselves. */
  readonly near: S | null;
}

/** Doubling the GPUs should bring at least this factor to be said to pay. */
const PAYS = 1.5;
/** Of the speed of the fastest. */
export const NEARLY = 0.95;

/**
 * Where scaling stops paying. Sizes that split badly stand below the way from the size before to the one after and are passed over:
 * what counts is the hull of speed over GPUs, both as logarithms. Null where no two sizes can be compared.
 */
export function kneeOf<S extends Scaled>(sizes: readonly S[]): Knee<S> | null {
  const faster = rising(sizes);
  if (faster.length < 2 && new Set(sizes.map(({ gpus }) => gpus)).size < 2) return null;
  const hull = hullOf(faster);
  const end = hull.findIndex((size, i) => i > 0 && gain(hull[i - 1]!, size) < Math.log2(PAYS));
  const fastest = faster.at(-1)!;
  const near = faster.find(({ stepSeconds }) => NEARLY * stepSeconds <= fastest.stepSeconds)!;
  return {
    at: end < 0 ? hull.at(-1)! : hull[end - 1]!,
    next: end < 0 ? null : hull[end]!,
    near: near === fastest ? null : near,
  };
}

/** Those that are faster than all with fewer GPUs. */
function rising<S extends Scaled>(sizes: readonly S[]): S[] {
  let least = Number.POSITIVE_INFINITY;
  return [...sizes]
    .sort((a, b) => a.gpus - b.gpus || a.stepSeconds - b.stepSeconds)
    .filter(({ stepSeconds }) => {
      if (stepSeconds >= least) return false;
      least = stepSeconds;
      return true;
    });
}

/** Those on the upper hull: what each gains on the one before falls from one to the next. */
function hullOf<S extends Scaled>(faster: readonly S[]): S[] {
  const hull: S[] = [];
  for (const size of faster) {
    while (hull.length > 1 && gain(hull.at(-2)!, hull.at(-1)!) <= gain(hull.at(-1)!, size)) hull.pop();
    hull.push(size);
  }
  return hull;
}

/** Doublings of speed in each doubling of GPUs. */
function gain(a: Scaled, b: Scaled): number {
  return Math.log2(a.stepSeconds / b.stepSeconds) / Math.log2(b.gpus / a.gpus);
}
