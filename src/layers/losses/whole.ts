import type { Stack } from '../../domain/stack.ts';
import { type Loss, type LossShape, logitsOf } from './loss.ts';

type Kernel = Stack['lossKernel'];

/** Bytes per logit kept for backward, and at the worst point of the loss. */
interface LogitBytes {
  readonly saved: number;
  readonly peak: number;
}

/**
 * Transformer Engine's fused kernel works in place on 16-bit logits; Megatron's own keeps an fp32 copy, its fused one too
 * (megatron/core/fusions/fused_cross_entropy.py@d98e8a6); eager fp32 cross entropy holds logits, log-probabilities and their
 * gradient. Hugging Face's models return their fp32 logits beside the loss of a shifted copy: whoever keeps the output through
 * backward holds those too (LlamaForCausalLM.forward, transformers/models/llama/modeling_llama.py, v4.38). Logits of 4 bytes are
 * their own fp32 copy. Over ranks torch writes the backward out in tensors: log-probabilities, a gradient of zeros, probabilities, their sum
 * (_nll_loss_and_log_softmax_backward, torch/distributed/tensor/parallel/loss.py@02eef6b).
 */
export function logitBytes(kernel: Kernel, element: number, overRanks = false): LogitBytes {
  if (element === 4 && !kernel.startsWith('fp32')) return { saved: 4, peak: kernel === 'compiled' ? 12 : 8 };
  switch (kernel) {
    case 'fused':
      return { saved: 2, peak: 4 };
    case 'unfused':
    case 'fused-native':
      return { saved: 4, peak: 6 };
    case 'fp32':
      return { saved: 8, peak: overRanks ? 16 : 12 };
    case 'fp32-shifted':
      return { saved: 8, peak: 16 };
    case 'compiled':
      return { saved: 4, peak: 12 };
  }
}

/** All logits at once, by a kernel of a stack. */
function wholeCost(kernel: Kernel, shape: LossShape) {
  const logits = logitsOf(shape);
  const { saved, peak } = logitBytes(kernel, shape.elementBytes, shape.overRanks);
  return {
    parts: 1,
    again: 0,
    traffic: logitTraffic(kernel, shape),
    saved: saved * logits,
    transient: (peak - saved) * logits,
  };
}

/**
 * A fused kernel in place reads 16-bit logits for their softmax, reads them again and writes the gradient over them
 * (transformer_engine/pytorch/triton/cross_entropy.py; Liger's is the same); others move fp32 copies, as fitted.
 */
const IN_PLACE = 6;
/** 2 bytes read and 4 written by a cast, and the same of the gradient on its way back. */
const CAST = 12;
/**
 * Of fp32 logits: under torch.compile read for the maximum and the sum, read again, and the gradient written; eager log_softmax reads
 * them and writes log-probabilities, nll_loss fills a gradient with zeros, and backward reads both and writes another
 * (aten/src/ATen/native/cuda/SoftMax.cu and NLLLoss2d.cu@008ec6b).
 */
const CAST_LOSS = { compiled: 16, eager: 24 } as const;

export function logitTraffic(kernel: Kernel, shape: LossShape): number {
  const { c, elementBytes, castsLogits = false } = shape;
  if (kernel === 'fused' && elementBytes === 2) return IN_PLACE * logitsOf(shape);
  if (castsLogits && (kernel === 'compiled' || kernel === 'fp32'))
    return (CAST + CAST_LOSS[kernel === 'compiled' ? 'compiled' : 'eager']) * logitsOf(shape);
  const eager = kernel === 'unfused' || kernel.startsWith('fp32');
  return c.lossBytes * (eager ? 1 : c.lossFusion) * logitsOf(shape);
}

const WORDS: Readonly<Record<Kernel, string>> = {
  unfused: 'cross entropy kernel by kernel, logits in fp32',
  fp32: 'cross entropy of fp32 logits',
  'fp32-shifted':
    "cross entropy of fp32 logits that the model returns beside it, as Hugging Face's models do",
  fused: "a fused cross entropy in place of 16-bit logits, such as Transformer Engine's",
  'fused-native': "a fused cross entropy, such as Megatron's",
  compiled: 'cross entropy of fp32 logits under torch.compile',
};

function whole(kernel: Kernel): Loss {
  return { id: kernel, words: WORDS[kernel], cost: (shape) => wholeCost(kernel, shape) };
}

/** As the stack works it out. */
export const asStack: Loss = {
  id: 'stack',
  words: 'as the stack has it',
  cost: (shape) => wholeCost(shape.kernel, shape),
};

export const WHOLE: readonly Loss[] = [
  whole('unfused'),
  whole('fp32'),
  whole('fp32-shifted'),
  whole('fused'),
  whole('fused-native'),
  whole('compiled'),
];
