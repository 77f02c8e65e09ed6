import type { BySegment, Device } from '../domain/memory-term.ts';

/** A number for what all GPUs of a stage share alike, and for experts, which have groups of their own. */
export interface Parameters {
  readonly dense: number;
  readonly expert: number;
}

/** Parameters that a GPU has of something, and those of them that are trained: what gradients and updates are for. */
export interface Amounts {
  readonly parameters: Parameters;
  readonly trained: Parameters;
}

export const STATES = ['weights', 'gradients', 'optimizer states'] as const;
export type State = (typeof STATES)[number];

/** A share of one kind of state of the stage's parameters that each of its GPUs keeps on some device. */
export interface Holding {
  readonly state: State;
  readonly of: keyof Parameters;
  readonly device: Device;
  readonly share: number;
}

/** Parameters of one GPU: by segment and kind of layer, and of what a stage has beside its layers. */
export interface Held {
  readonly dense: { readonly layers: BySegment; readonly fixed: number };
  readonly expert: { readonly layers: BySegment; readonly fixed: number };
  /** Of embedding and head. */
  readonly root: number;
}

/** Everything whole on the GPU. */
export const WHOLE: readonly Holding[] = STATES.flatMap((state) =>
  (['dense', 'expert'] as const).map((of) => ({ state, of, device: 'gpu' as const, share: 1 })),
);
