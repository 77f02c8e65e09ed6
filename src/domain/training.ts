export const TRAIN_MODES = ['full', 'lora', 'qlora', 'frozen'] as const;
/** How weights are trained: all of them, adapters beside frozen ones (quantised or not), or not at all. */
export type TrainMode = (typeof TRAIN_MODES)[number];

export const EMBEDDING_MODES = ['full', 'frozen'] as const;
export const HEAD_MODES = ['full', 'lora', 'frozen'] as const;

/** Matrices that adapters may stand beside; `qkv` and `fc1`: one adapter over those that one kernel works out. */
/** Of each tower, by name. */
type TowerModes = Readonly<Record<string, (typeof EMBEDDING_MODES)[number]>>;

export const LORA_MODULES = [
  'q',
  'k',
  'v',
  'o',
  'gate',
  'up',
  'down',
  'qkv',
  'fc1',
  'q_a',
  'q_b',
  'kv_a',
  'kv_b',
  'head',
] as const;
export type LoraModule = (typeof LORA_MODULES)[number];

/** Low-rank adapters: y = W·x + B·A·x, with A and B trained (Hu et al. 2021, arXiv 2106.09685). */
export interface Lora {
  readonly rank: number;
  readonly modules: readonly LoraModule[];
  /** Share of an adapter's inputs that is dropped; above 0 each adapter keeps what is left of them, and the mask. */
  readonly dropout: number;
}

export const FROZEN_WEIGHTS = ['fp32'] as const;
type FrozenWeights = (typeof FROZEN_WEIGHTS)[number];

/** What of a model is trained, part by part. */
export interface Training {
  readonly decoder: TrainMode;
  readonly embedding: (typeof EMBEDDING_MODES)[number];
  readonly head: (typeof HEAD_MODES)[number];
  /** The first so many layers of the decoder are frozen, however the others are trained. */
  readonly frozenLayers: number;
  readonly towers: TowerModes;
  /** null: no part has adapters. */
  readonly lora: Lora | null;
  /** How what is frozen and not quantised is held; left out: as wide as it is computed with. */
  readonly frozenWeights?: FrozenWeights;
  /** What was not stated, in words. */
  readonly assumed: readonly string[];
}

/** Some layers, or an end of the model, as they are trained. */
export interface Trained {
  readonly mode: TrainMode;
  readonly lora: Lora | null;
  /** Something trained lies in it or before it: without, it has no backward. */
  readonly backward: boolean;
  /** Nothing before it is trained: what its first adapter reads has no gradient; left out: it has one. */
  readonly first?: true;
  /** As in all of the model. */
  readonly frozenWeights?: FrozenWeights;
}

/** In one word what a framework has to be able to: `parts` where some are trained otherwise than usual. */
export const TRAINING_FORMS = ['full', 'lora', 'qlora', 'parts'] as const;
export type TrainingForm = (typeof TRAINING_FORMS)[number];

export function formOf(training: Training | undefined): TrainingForm {
  if (training === undefined) return 'full';
  const { decoder, embedding, head, frozenLayers, towers } = training;
  const usual =
    embedding === 'frozen' &&
    head === 'frozen' &&
    frozenLayers === 0 &&
    Object.values(towers).every((mode) => mode === 'frozen');
  return usual && (decoder === 'lora' || decoder === 'qlora') ? decoder : 'parts';
}
