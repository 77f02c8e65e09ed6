import type { Device } from '../domain/memory-term.ts';
import type { Techniques } from '../domain/plan.ts';
import { rememberedOf } from '../units/remembered.ts';
import { architecture } from './architecture.ts';
import { AS_IT_IS, type Boundary } from './boundary.ts';
import { boundaryCompression } from './boundary-compression.ts';
import { contextExchange } from './context-exchange.ts';
import { dataOverlap } from './data-overlap.ts';
import { dispatch } from './dispatch.ts';
import type { Dispatch } from './dispatched.ts';
import { expertExchange } from './expert-exchange.ts';
import { expertSwitching } from './expert-switching.ts';
import { fp8Weights } from './fp8-weights.ts';
import { type Holding, WHOLE } from './holding.ts';
import { localSteps } from './local-steps.ts';
import { loss } from './loss.ts';
import { offloadActivations } from './offload-activations.ts';
import { offloadOptimizer } from './offload-optimizer.ts';
import { offloadParameters } from './offload-parameters.ts';
import { optimizerInBackward } from './optimizer-in-backward.ts';
import type { OuterSync } from './outer-sync.ts';
import { pagedOptimizer } from './paged-optimizer.ts';
import { recompute } from './recompute.ts';
import { sequenceParallel } from './sequence-parallel.ts';
import type { Known, StageContext, StateContext, Technique } from './technique.ts';
import { tensorOverlap } from './tensor-overlap.ts';
import { vocabularyParallel } from './vocabulary-parallel.ts';
import { zero } from './zero.ts';

/** Every technique, in the order in which they are applied. Each keeps its own kind of value. */
export const TECHNIQUES: readonly Known<unknown>[] = [
  sequenceParallel,
  tensorOverlap,
  architecture,
  contextExchange,
  expertExchange,
  expertSwitching,
  vocabularyParallel,
  loss,
  recompute,
  zero,
  dataOverlap,
  localSteps,
  boundaryCompression,
  fp8Weights,
  optimizerInBackward,
  pagedOptimizer,
  offloadOptimizer,
  offloadParameters,
  offloadActivations,
  dispatch,
] as readonly unknown[] as readonly Known<unknown>[];

/** Techniques that have something to say of one kind, in that order: what is asked of every candidate asks no others. */
export function having<K extends keyof Technique>(hook: K) {
  type Having = Known<unknown> & { readonly [P in K]-?: NonNullable<Technique[P]> };
  return TECHNIQUES.filter((one): one is Having => one[hook] !== undefined);
}

const HOLDING = having('holdings');

/** How the states of a stage are shared out, and where they lie. */
export function holdingsOf(context: StateContext): readonly Holding[] {
  return HOLDING.reduce<readonly Holding[]>(
    (all, one) => one.holdings(one.of(context.techniques), all, context),
    WHOLE,
  );
}

const devices = new WeakMap<Techniques, ReadonlySet<Device>>();

/** Where else than on GPUs techniques have anything lie. */
export function usedDevices(techniques: Techniques): ReadonlySet<Device> {
  return rememberedOf(
    devices,
    techniques,
    () => new Set(TECHNIQUES.flatMap((one) => one.devices?.(one.of(techniques)) ?? [])),
  );
}

const taken = new WeakMap<Techniques, ReadonlySet<string>>();
const TAKING = having('takesOver');

/** Ids of techniques whose traffic and buffers others have taken over. */
export function takenOver(techniques: Techniques): ReadonlySet<string> {
  return rememberedOf(
    taken,
    techniques,
    () => new Set(TAKING.flatMap((one) => one.takesOver(one.of(techniques)))),
  );
}

const DEALING = having('dispatch');

/** How stages are dealt to GPUs that hold none; null: each holds its own. */
export function dispatchOf(techniques: Techniques): Dispatch | null {
  for (const one of DEALING) {
    const dispatch = one.dispatch(one.of(techniques));
    if (dispatch !== null) return dispatch;
  }
  return null;
}

const APART = having('outer');

/** How pipelines of a plan that train apart average what they changed; null: they average gradients every step. */
export function outerOf(techniques: Techniques): OuterSync | null {
  for (const one of APART) {
    const outer = one.outer(one.of(techniques));
    if (outer !== null) return outer;
  }
  return null;
}

const SWITCHING = having('switches');

/** The techniques of which each layer takes the fastest; null: it has these. */
export function switchedAmong(techniques: Techniques): readonly Techniques[] | null {
  for (const one of SWITCHING) {
    const values = one.switches(one.of(techniques));
    if (values !== null) return values.map((value) => one.set(techniques, value));
  }
  return null;
}

const BESIDE_NEXT = having('besideNextBlock');

/** Whether what tensor-parallel ranks exchange for a block runs beside the next block. */
export function besideNextBlock(techniques: Techniques): boolean {
  return BESIDE_NEXT.some((one) => one.besideNextBlock(one.of(techniques)));
}

const SENDING = having('boundary');

/** How what passes from stage to stage is sent. */
export function boundaryOf(context: StageContext): Boundary {
  for (const one of SENDING) {
    const boundary = one.boundary(one.of(context.techniques), context);
    if (boundary !== null) return boundary;
  }
  return AS_IT_IS;
}

/** What `--allow` has to name before a search tries a value of a technique. */
export function leavesFor(
  { allowedAs, pricedAs, off, format, price }: Technique,
  value: unknown,
): readonly string[] {
  if (format(value) === format(off)) return [];
  const priced = pricedAs !== undefined && (price?.(value) ?? []).length > 0;
  return [...(allowedAs === undefined ? [] : [allowedAs]), ...(priced ? [pricedAs] : [])];
}

const kernels = new WeakMap<Techniques, Techniques>();

/** Those alone that change what a layer's kernels do. */
export function ofKernels(techniques: Techniques): Techniques {
  return rememberedOf(kernels, techniques, () =>
    TECHNIQUES.filter(({ affects }) => affects !== 'layer').reduce(
      (all, { set, off }) => set(all, off),
      techniques,
    ),
  );
}

/** Keys of caches: what the kernels of a layer depend on, what a stage holds and sends beside them, what is sent once a step, and everything. */
export interface TechniqueKeys {
  readonly layer: string;
  readonly stage: string;
  readonly step: string;
  readonly all: string;
}

const keys = new WeakMap<Techniques, TechniqueKeys>();

export function techniqueKeys(techniques: Techniques): TechniqueKeys {
  return rememberedOf(keys, techniques, () => {
    const among = (which: (one: Technique) => boolean) =>
      TECHNIQUES.filter(which)
        .map((one) => one.format(one.of(techniques)))
        .join();
    const of = (...affected: string[]) => among(({ affects }) => affected.includes(affects));
    return {
      layer: of('layer'),
      stage: of('stage'),
      // What changes kernels may share out states besides.
      step: among(({ affects, holdings }) => affects !== 'layer' || holdings !== undefined),
      all: of('layer', 'stage', 'step'),
    };
  });
}
