import { type Communication, kept, type LayerContext, type SavedTensor } from '../operator.ts';
import type { MoeMlp } from './expert-sizes.ts';

/** Bytes of all experts' weights, so many elements each, on a rank whose tokens stay; 0: it has its own alone. */
export function gatheredBytes(elements: number, { experts: n }: MoeMlp, { local }: LayerContext): number {
  return local.gathersExperts && local.expertParallel > 1 ? n * elements * local.elementBytes : 0;
}

/** Gathered before they are used, their gradients scattered as they are made (`zero_gather` of tutel/experts/ffn.py@82af7aa). */
export function gathered(elements: number, spec: MoeMlp, context: LayerContext): Communication[] {
  const bytes = gatheredBytes(elements, spec, context);
  if (bytes === 0) return [];
  return [
    { group: 'expert', collective: 'allGather', bytes, pass: 'forward', open: true },
    { group: 'expert', collective: 'reduceScatter', bytes, pass: 'backward', open: true },
  ];
}

/** Backward reads what forward has gathered: autograd keeps it. */
export function whileGathered(elements: number, spec: MoeMlp, context: LayerContext): SavedTensor[] {
  const bytes = gatheredBytes(elements, spec, context);
  return bytes === 0 ? [] : [kept(bytes, 'moe')];
}
