import type { ModelSpec } from '../../domain/model.ts';
import { attentionBesideMamba } from '../../layers/mixers/attention-beside-mamba.ts';
import { gatedDeltaNet } from '../../layers/mixers/gated-delta-net.ts';
import { mamba } from '../../layers/mixers/mamba.ts';
import { mamba2 } from '../../layers/mixers/mamba2.ts';
import { shortConvolution } from '../../layers/mixers/short-convolution.ts';

/**
 * Packages whose kernels transformers takes for a layer when they are there; without them it runs PyTorch code, several times
 * slower and with states of whole sequences kept (modeling_mamba2.py, modeling_qwen3_next.py, modeling_lfm2.py: `is_fast_path_available`).
 */
export const KERNEL_PACKAGES: ReadonlyMap<string, readonly string[]> = new Map([
  [mamba.kind, ['mamba-ssm', 'causal-conv1d']],
  [mamba2.kind, ['mamba-ssm', 'causal-conv1d']],
  [attentionBesideMamba.kind, ['mamba-ssm', 'causal-conv1d']],
  [gatedDeltaNet.kind, ['flash-linear-attention', 'causal-conv1d']],
  [shortConvolution.kind, ['causal-conv1d']],
]);

/** Of a model's layers, in order of name. */
export function packagesOf({ kinds }: ModelSpec): string[] {
  const found = kinds.flatMap(({ mixer }) => (mixer === null ? [] : (KERNEL_PACKAGES.get(mixer.kind) ?? [])));
  return [...new Set(found)].sort();
}
