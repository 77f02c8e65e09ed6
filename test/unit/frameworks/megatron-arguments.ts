import { readFileSync } from 'node:fs';

/** A rule, a file that it refuses, and one beside it that all rules accept. */
export type RuleCase = readonly [rule: string, refused: string, accepted: string];

/** Accepted by Megatron's own parser on 64 GPUs. */
export const GOOD = readFileSync('test/fixtures/launch/megatron_llama3_70b_64h100.sbatch', 'utf8');
/** Arguments as a file says them, some changed; null: left out. */
function argumentsFor(base: Readonly<Record<string, string>>) {
  return (changed: Readonly<Record<string, string | null>> = {}, before = '') =>
    before +
    Object.entries({ ...base, ...changed })
      .flatMap(([name, value]) => (value === null ? [] : [`--${name} ${value}`.trim()]))
      .join('\n');
}
const SIZES = {
  'num-layers': '32',
  'hidden-size': '4096',
  'num-attention-heads': '32',
  'seq-length': '4096',
  'max-position-embeddings': '4096',
  'micro-batch-size': '1',
  'global-batch-size': '256',
  bf16: '',
};
export const dense = argumentsFor({
  ...SIZES,
  'tensor-model-parallel-size': '2',
  'pipeline-model-parallel-size': '4',
});
export const one = argumentsFor(SIZES);
export const moe = argumentsFor({
  ...SIZES,
  'num-experts': '8',
  'moe-grouped-gemm': '',
  'tensor-model-parallel-size': '2',
  'pipeline-model-parallel-size': '4',
  'expert-model-parallel-size': '8',
  'expert-tensor-parallel-size': '1',
});
export const FULL = {
  'recompute-granularity': 'full',
  'recompute-method': 'uniform',
  'recompute-num-layers': '1',
};
export const SELECTIVE = { 'recompute-granularity': 'selective' };
export const ZERO = {
  'use-distributed-optimizer': '',
  'overlap-grad-reduce': '',
  'overlap-param-gather': '',
};
export const FSDP = { 'use-megatron-fsdp': '', 'ckpt-format': 'fsdp_dtensor' };
export const FIRST = 'decoder-first-pipeline-num-layers';
export const LAST = 'decoder-last-pipeline-num-layers';
export const LAYOUT = 'pipeline-model-parallel-layout';
export const VIRTUAL = 'num-virtual-stages-per-pipeline-rank';
export const PER_VIRTUAL = 'num-layers-per-virtual-pipeline-stage';
export const ROPE = { 'position-embedding-type': 'rope' };
export const OVERLAP = {
  'overlap-moe-expert-parallel-comm': '',
  'moe-token-dispatcher-type': 'alltoall',
  [VIRTUAL]: '2',
};
export const torchrun = (connections: string, text: string) =>
  `export CUDA_DEVICE_MAX_CONNECTIONS=${connections}\ntorchrun --nnodes 8 pretrain_gpt.py ${text.replaceAll('\n', ' ')}\n`;
