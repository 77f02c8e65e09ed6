import type { BySegment, Device } from '../domain/memory-term.ts';

/** A number for what all GPUs of a stage share alike, and for experts, which have groups of their own. */
export interface Parameters {
  readonly dense: number;
  readonly expert: number;
}

/** Parameters that a GPU has of something; those of them that are trained: what gradients and updates are for; those that are frozen. */
export interface Amounts {
  readonly parameters: Parameters;
  readonly trained: Parameters;
  readonly frozen: Parameters;
  /** Of the frozen ones, as they are held: quantised perhaps. */
  readonly frozenBytes: Parameters;
  /** Of the others, as ranks gather them from one another: as they are computed with, or in fp8. */
  readonly liveBytes: Parameters;
}

/** Bytes of weights as ranks gather them from one another. */
export function gatheredBytes({ liveBytes, frozenBytes }: Amounts, of: keyof Parameters): number {
  return liveBytes[of] + frozenBytes[of];
}

export const STATES = ['weights', 'gradients', 'optimizer states'] as const;
export type State = (typeof STATES)[number];

/** A share of one kind of state of the stage's parameters that each of its GPUs keeps on some device. */
export interface Holding {
  readonly state: State;
  readonly of: keyof Parameters;
  readonly device: Device;
  readonly share: number;
  /** A second copy, on its way. */
  readonly staging?: true;
  /** Not all of it at once: of one layer at a time, while its backward runs; left out: all, all through the step. */
  readonly passing?: boolean;
}

/** Of one GPU with nothing sharded: by segment and kind of layer, and of what a stage has beside its layers. */
export interface Held {
  /** Bytes of weights as they are gathered. */
  readonly gathered: { readonly layers: BySegment; readonly fixed: number };
  /** Parameters that are not frozen. */
  readonly live: { readonly layers: BySegment; readonly fixed: number };
  /** Bytes of each as it is gathered, and its parameters that are trained; a tied head beside its embedding has none. */
  readonly ends: Readonly<Record<'embedding' | 'head', { readonly weights: number; readonly live: number }>>;
  /** Bytes of embedding and head as they are gathered, and of their gradients as they are computed with. */
  readonly root: number;
  /** Of the weights alone. */
  readonly rootWeights: number;
  /** Bytes that updating the larger of the two at once takes beside its states. */
  readonly updating: number;
}

/** Everything whole on the GPU. */
export const WHOLE: readonly Holding[] = STATES.flatMap((state) =>
  (['dense', 'expert'] as const).map((of) => ({ state, of, device: 'gpu' as const, share: 1 })),
);
