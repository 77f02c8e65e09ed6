import type { Stack } from '../../domain/stack.ts';
import type { LocalShape } from '../local-shape.ts';
import type { Communication } from '../operator.ts';

/**
 * Context parallelism. Ring attention: keys and values travel cp − 1 steps forward; with their gradients, twice that
 * backward (arXiv 2310.01889). All-gather: keys and values of all ranks at once, their gradients reduce-scattered
 * (Llama 3, arXiv 2407.21783, section 3.3.2). All-to-all: queries, keys, values and the output change from sequence to head
 * shards and back (Ulysses, arXiv 2309.14509).
 */
export function contextExchange(
  elementsPerToken: number,
  queryElementsPerToken: number,
  local: LocalShape,
  exchange: Stack['contextExchange'],
): Communication[] {
  if (local.contextParallel === 1) return [];
  const bytes = local.elementBytes * local.tokens * elementsPerToken;
  if (exchange === 'all-gather') {
    const whole = bytes * local.contextParallel;
    return [
      { group: 'context', collective: 'allGather', bytes: whole, pass: 'forward' },
      { group: 'context', collective: 'allGather', bytes: whole, pass: 'backward' },
      { group: 'context', collective: 'reduceScatter', bytes: whole, pass: 'backward' },
    ];
  }
  if (exchange === 'all-to-all') {
    const both = bytes + 2 * local.elementBytes * local.tokens * queryElementsPerToken;
    return [
      { group: 'context', collective: 'allToAll', bytes: both, pass: 'forward' },
      { group: 'context', collective: 'allToAll', bytes: both, pass: 'backward' },
    ];
  }
  return [
    { group: 'context', collective: 'ring-exchange', bytes, pass: 'forward' },
    { group: 'context', collective: 'ring-exchange', bytes: 2 * bytes, pass: 'backward' },
  ];
}
