import type { LoraModule } from '../domain/training.ts';
import type { LocalShape } from './local-shape.ts';

/** One matrix or vector that an operator owns, as the whole model has it. */
export interface Weight {
  /** What reports call the part of the model it belongs to. */
  readonly part: string;
  readonly rows: number;
  /** 1: a vector. */
  readonly columns: number;
  /** Equal ones: experts. */
  readonly count: number;
  /** Of them, how many each token goes through. */
  readonly active: number;
  /**
   * How the GPUs of a stage share it: `tensor` divides the columns (or rows) over tensor parallelism, `replicated` has it
   * whole on each, `expert` deals the equal ones over expert and expert tensor parallelism; `vocabulary` divides rows
   * padded for it, over the stages that share the vocabulary too; `end` lies whole on them.
   */
  readonly split: 'tensor' | 'replicated' | 'expert' | 'vocabulary' | 'end';
  /** Columns that tensor parallelism cannot divide further: the width of a key-value head and its value. */
  readonly least: number;
  readonly role: 'matrix' | 'vector' | 'embedding' | 'head' | 'buffer';
  readonly trainable: boolean;
  /** Bytes of a parameter as it is held, where it is not as the stack holds those that it trains. */
  readonly bytes: number | null;
  /** Bytes of a parameter as ranks gather it from one another, where not as it is computed with. */
  readonly gathered: number | null;
  /** The names by which adapters know it, or the equal matrices side by side that it is made of. */
  readonly targets: readonly LoraModule[];
  /** The model's embedding is used again: stored once where both stand on one stage. */
  readonly tied: boolean;
  /** Updated element by element, whatever optimizers of matrices do: unlike parts side by side. */
  readonly elementWise: boolean;
}

const NONE: readonly never[] = [];

type Usual = 'part' | 'rows' | 'columns';

/** A weight with what is usual: one trainable matrix that tensor parallelism divides. */
export function matrix(one: Pick<Weight, Usual> & Partial<Weight>): Weight {
  return {
    part: one.part,
    rows: one.rows,
    columns: one.columns,
    count: one.count ?? 1,
    active: one.active ?? 1,
    split: one.split ?? 'tensor',
    least: one.least ?? 1,
    role: one.role ?? 'matrix',
    trainable: one.trainable ?? true,
    bytes: one.bytes ?? null,
    gathered: one.gathered ?? null,
    targets: one.targets ?? NONE,
    tied: one.tied ?? false,
    elementWise: one.elementWise ?? false,
  };
}

/** A vector, whole on every GPU unless said otherwise. */
export function vector(part: string, rows: number, over: Partial<Weight> = {}): Weight {
  return matrix({ part, rows, columns: 1, split: 'replicated', role: 'vector', ...over });
}

/** Nothing where there is no bias. */
export function bias(there: boolean, part: string, rows: number, over: Partial<Weight> = {}): Weight[] {
  return there ? [vector(part, rows, over)] : [];
}

/** Held, and never updated. What is no weight of training (a router's correction) is not meant. */
export function isFrozen({ trainable, role }: Weight): boolean {
  return !trainable && role !== 'buffer';
}

export function parametersOf({ rows, columns, count }: Weight): number {
  return rows * columns * count;
}

/** Parameters that one GPU holds. */
export function localParameters(weight: Weight, local: LocalShape): number {
  const { rows, columns, count, split, least } = weight;
  switch (split) {
    case 'replicated':
      return rows * columns * count;
    case 'tensor': {
      if (columns === 1) return rows / local.tensorParallel;
      return rows * Math.max(least, columns / local.tensorParallel) * count;
    }
    case 'expert':
      return (rows * columns * count) / (local.expertParallel * local.expertTensorParallel);
    case 'vocabulary':
      return local.vocabularyRows * columns;
    case 'end':
      return (rows * columns) / local.vocabularyShards;
  }
}
