import { type BySegment, type MemoryTerm, memoryTerm, type Point } from '../../domain/memory-term.ts';
import { dispatchOf } from '../../techniques/index.ts';
import { dealtOf, sumOver } from '../dealt-stages.ts';
import type { StageProfile } from '../stage-profile.ts';

const PASSES: readonly Point[] = ['start-of-forward', 'forward', 'loss', 'backward', 'end-of-backward'];
const FORWARD: readonly Point[] = ['start-of-forward', 'forward'];
const LATER: readonly Point[] = ['loss', 'backward', 'end-of-backward'];
const BACKWARD: readonly Point[] = ['backward', 'end-of-backward'];

/** Inputs and outputs of stages on a GPU: of the micro-batch at work, of the one before and of the next, with their gradients. */
const BOUNDARIES = 6;

/**
 * What a GPU holds that stages are dealt to: the weights of the one at work and of the next, gradients of the one at work, what is
 * recomputed of it at a time; and its share of what the host keeps of micro-batches: the input of each forward stage.
 */
export function dealtTerms(profile: StageProfile, none: BySegment): MemoryTerm[] {
  const { boundaryBytes, context } = profile;
  const dispatch = dispatchOf(context.techniques);
  if (dispatch === null) return [];
  const dealt = dealtOf(profile);
  const { forward, backward } = dealt.stages;
  const most = (of: Parameters<typeof sumOver>[2]) =>
    Math.max(0, ...backward.map((range) => sumOver(dealt, range, of)));
  const slots = [...forward, ...backward].map((range) => sumOver(dealt, range, (part) => part.weightBytes));
  /** Of a slot and of the next that its GPU takes up. */
  const pair = (slot: number) =>
    slots[slot]! + (slots.length > 1 ? slots[(slot + context.dims.dpShard) % slots.length]! : 0);
  const pairs = (from: number, to: number) =>
    Math.max(0, ...slots.slice(from, to).map((_, i) => pair(from + i)));
  // One layer's is counted with what passes need.
  const restored =
    dispatch.grain === 'layer'
      ? 0
      : most(({ restored }) => restored) - Math.max(...dealt.parts.map((part) => part.restored));
  const inputs = (dealt.perRound * (forward.length + 1) * boundaryBytes) / context.dims.dpShard;
  const term = (part: string, at: readonly Point[], bytes: number, device: MemoryTerm['device'] = 'gpu') =>
    memoryTerm({ part, at, device, layers: none, fixed: [bytes] });
  return [
    term('stages at work and next', FORWARD, pairs(0, forward.length)),
    term('stages at work and next', LATER, pairs(forward.length, slots.length)),
    term(
      'gradients',
      BACKWARD,
      most(({ gradientBytes }) => gradientBytes),
    ),
    term('recomputed', ['backward'], Math.max(0, restored)),
    term('inputs and outputs of stages', PASSES, BOUNDARIES * boundaryBytes),
    term('activations', PASSES, inputs, 'host'),
  ];
}
