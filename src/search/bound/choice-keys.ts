import { techniqueKeys } from '../../techniques/index.ts';
import { remembered, rememberedOf } from '../../units/remembered.ts';
import type { Choice } from '../space/choices.ts';
import { orderOf } from './by-size.ts';

/** What costs of a choice depend on, a number for each. */
interface ChoiceKeys {
  /** Kernels of a layer, for each size of micro-batch. */
  readonly layer: number;
  /** States of a layer. */
  readonly states: number;
  /** Micro-batches in flight, apart from the depth of the pipeline. */
  readonly alive: number;
  /** All that the stages of a chain may depend on. */
  readonly all: number;
}

const known = new WeakMap<Choice, ChoiceKeys>();
const numbers = new Map<string, number>();

export function choiceKeys(choice: Choice): ChoiceKeys {
  return rememberedOf(known, choice, () => {
    const { microBatchSize, vpp, schedule, dpReplicate, techniques } = choice;
    const { layer, step, all } = techniqueKeys(techniques);
    return {
      layer: numberOf(layer),
      states: numberOf(`${vpp}/${dpReplicate}/${step}`),
      alive: numberOf(`${microBatchSize}/${orderOf(choice)}`),
      all: numberOf(`${dpReplicate}/${microBatchSize}/${vpp}/${schedule}/${all}`),
    };
  });
}

/** The same for the same text. */
export function numberOf(text: string): number {
  return remembered(numbers, text, () => numbers.size);
}
