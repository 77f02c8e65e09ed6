import type { Problem } from '../../domain/problem.ts';
import { bookFor } from '../bound/book-for.ts';
import { kernelBounds } from '../bound/chain-kernels.ts';
import { framesOf } from '../bound/copies-bound.ts';
import { frameBound } from '../bound/frame-bound.ts';
import { type Bundle, bundleChoices, bundleSpace, bundles } from '../space/bundles.ts';
import { chains } from '../space/chains.ts';
import { choiceCounts } from '../space/choices.ts';
import { devicesOfFrame } from '../space/frame.ts';
import { layoutCount } from '../space/layouts.ts';
import type { SearchOptions } from '../space/options.ts';
import { isRepeated } from '../space/twin-groups.ts';
import { unlikeCopies } from '../space/unlike-copies.ts';
import type { Entry } from './entry.ts';
import { copiesSpace } from './expand-copies.ts';
import { finished } from './finished.ts';

/** Everything to open, best bound first. The same for the same problem and options, wherever it is built. */
export function queueOf(problem: Problem, options: SearchOptions): Entry[] {
  return finished(queueSteps(problem, options));
}

/** Frames looked at between two pauses. */
const BETWEEN_PAUSES = 8192;

/** The same with pauses, and with what is listed so far: hundreds of thousands of entries take seconds. */
function* queueSteps(problem: Problem, options: SearchOptions): Generator<readonly Entry[], Entry[], void> {
  let seen = 0;
  const choices = choiceCounts(problem, options);
  const queue: Entry[] = [];
  const byKernels = kernelBounds(problem, options, bookFor(problem));
  for (const frame of chains(problem, options)) {
    if (++seen % BETWEEN_PAUSES === 0) yield queue;
    if (devicesOfFrame(frame) > options.maxGpus || isRepeated(problem.cluster, frame, options)) continue;
    if (options.avoid.length > 0 && frame.runs.some((run) => options.avoid.includes(run.group))) continue;
    if (!options.mustUse.every((group) => frame.runs.some((run) => run.group === group))) continue;
    queue.push({
      frame,
      bundle: null,
      copies: null,
      bound: options.objective.bound(Math.max(frameBound(problem, [frame]), byKernels(frame)), [frame]),
      count: choices(frame) * layoutCount(problem, frame, options),
    });
  }
  for (const bundle of bundles(problem, options)) {
    queue.push({
      frame: null,
      bundle,
      copies: null,
      bound: bundleBound(problem, bundle, options),
      count: bundleChoices(problem, bundle, options).length * bundleSpace(bundle),
    });
  }
  for (const copies of unlikeCopies(problem, options)) {
    const frames = framesOf(copies);
    queue.push({
      ...{ frame: null, bundle: null, copies },
      bound: options.objective.bound(frameBound(problem, frames), frames),
      count: copiesSpace({ problem, options }, copies),
    });
  }
  return queue.sort((a, b) => a.bound - b.bound);
}

/** All chains of a class use all its nodes: any of them stands for all. */
function bundleBound(problem: Problem, { classes }: Bundle, { objective }: SearchOptions): number {
  const frames = classes.map(([frame]) => frame!);
  return objective.bound(frameBound(problem, frames), frames);
}

/** What there is to search, and whether a stop came before all of it was listed. */
export interface Listing {
  readonly queue: readonly Entry[];
  readonly stopped: boolean;
}

/** The same, asking between pauses whether to stop: then with what is listed so far. */
export function* listing(problem: Problem, options: SearchOptions): Generator<void, Listing, void> {
  const steps = queueSteps(problem, options);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return { queue: value, stopped: false };
    if (options.interrupted() !== null) return { queue: value, stopped: true };
    yield;
  }
}
