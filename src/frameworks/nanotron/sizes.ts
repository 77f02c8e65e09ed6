import type { Tree } from '../reading/tree.ts';
import { type CutSizes, nanotronCut } from './cut.ts';

export const MODEL = 'model.model_config';

/** Degrees that a file states, and the GPUs it is run on. */
export interface Sizes {
  readonly dp: number;
  readonly pp: number;
  readonly tp: number;
  readonly cp: number;
  readonly gpus: number | null;
}

export function sizesOf(tree: Tree, gpus: number | null): Sizes {
  const degree = (key: string) => tree.count(`parallelism.${key}`) ?? 1;
  return { dp: degree('dp'), pp: degree('pp'), tp: degree('tp'), cp: degree('context_parallel_size'), gpus };
}

/** Its third architecture, the only one without a gated MLP. */
export const isStarcoder2 = (tree: Tree): boolean => tree.isTrue(`${MODEL}.is_starcoder2_config`);

/** Layers of each stage; `empty` where a stage would hold none; null where the file does not say enough to know. */
export function fileCut(tree: Tree, pp: number): readonly number[] | 'empty' | null {
  const sizes = cutSizes(tree);
  return sizes === null ? null : (nanotronCut(sizes, pp) ?? 'empty');
}

function cutSizes(tree: Tree): CutSizes | null {
  const size = (key: string) => tree.count(`${MODEL}.${key}`);
  const layers = size('num_hidden_layers');
  const hiddenSize = size('hidden_size');
  const ffnHiddenSize = size('intermediate_size');
  const heads = size('num_attention_heads');
  const vocabulary = size('vocab_size');
  if (layers === null || hiddenSize === null || ffnHiddenSize === null) return null;
  if (heads === null || vocabulary === null || isStarcoder2(tree)) return null;
  const unit = (tree.count('model.make_vocab_size_divisible_by') ?? 1) * (tree.count('parallelism.tp') ?? 1);
  return { layers, hiddenSize, ffnHiddenSize, heads, vocabSize: Math.ceil(vocabulary / unit) * unit };
}
