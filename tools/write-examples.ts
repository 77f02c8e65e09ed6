import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../test/fixtures/run.ts';

/** Plans of all kinds, as `plan --json` prints them: what `emit` is tried on. */
const EXAMPLES: readonly (readonly [name: string, argv: string])[] = [
  [
    'llama-3.1-70b-64xh100',
    'llama-3.1-70b dgx-h100-64 --seq-length 8192 --global-batch 512 --launcher megatron',
  ],
  [
    'llama-3.1-70b-32xh100-32xa100',
    'llama-3.1-70b mixed-32xh100-32xa100-40gb --seq-length 8192 --global-batch 512 --launcher megatron',
  ],
  [
    'mixtral-8x7b-64xh100',
    'mixtral-8x7b dgx-h100-64 --seq-length 4096 --global-batch 512 --launcher megatron',
  ],
  [
    'deepseek-v2-lite-64xa100',
    'deepseek-v2-lite dgx-a100-64 --seq-length 4096 --global-batch 512 --launcher megatron',
  ],
  [
    'llama-3.1-405b-512xh100',
    'llama-3.1-405b dgx-h100-512 --seq-length 8192 --global-batch 512 --launcher torchtitan',
  ],
  [
    'llama-3.1-8b-64xh100',
    'llama-3.1-8b dgx-h100-64 --seq-length 8192 --global-batch 512 --launcher deepspeed',
  ],
  [
    'llama-3.1-8b-2x32xh100-islands',
    'llama-3.1-8b two-regions --seq-length 8192 --global-batch 512 --launcher torchtitan --allow local-steps',
  ],
  [
    'llama-3.1-8b-8x4090-offloaded',
    'llama-3.1-8b 4090-8 --seq-length 4096 --global-batch 64 --launcher deepspeed --allow offload',
  ],
  [
    'qwen3-32b-8x4090-dealt',
    'qwen3-32b 4090-8 --seq-length 2048 --global-batch 128 --precision fp16 --launcher roundpipe --allow offload,stale',
  ],
  [
    'gpt2-medium-8x4090-paci',
    'gpt2-medium-untied 4090-8 --seq-length 1024 --global-batch 128 --launcher paci --allow stale',
  ],
  [
    'amoebanet-d-8xp40',
    'amoebanet-d-18-256 p40-8 --global-batch 1280 --precision fp32 --optimizer sgd --launcher torchgpipe',
  ],
  [
    'llama-3.1-8b-8x4090-hybrid-optimizer',
    'llama-3.1-8b 4090-8 --seq-length 4096 --global-batch 64 --launcher megatron --allow offload',
  ],
  [
    'qwen2.5-7b-64xh100',
    'qwen2.5-7b dgx-h100-64 --seq-length 4096 --global-batch 512 --launcher nanotron --fix pp=2',
  ],
  [
    'llama-3.1-70b-64xmi300x',
    'llama-3.1-70b mi300x-64 --seq-length 8192 --global-batch 512 --launcher primus',
  ],
  [
    'llama-2-7b-32xh100-32xmi300x',
    'llama-2-7b h100-plus-mi300x --seq-length 4096 --global-batch 512 --launcher zorse',
  ],
  [
    'llama-3.1-70b-unlike-32xh100-32xa100',
    'llama-3.1-70b mixed-32xh100-32xa100-40gb --seq-length 8192 --global-batch 512 --launcher flagscale --rank fastest',
  ],
  [
    'llama-3.1-70b-32xh100-ib-32xa100-roce',
    'llama-3.1-70b mixed-ib-roce --seq-length 4096 --global-batch 512 --launcher holmes',
  ],
  [
    'llama-2-7b-32xh100-32xa100',
    'llama-2-7b mixed-32xh100-32xa100-40gb --seq-length 4096 --global-batch 512 --launcher cephalo',
  ],
  [
    'llama-2-13b-8xa100-16xrtx4090',
    'llama-2-13b mixed-consumer-datacentre --seq-length 4096 --global-batch 512 --launcher hexiscale',
  ],
  [
    'llama-3.1-8b-rtx4090-rtx3090',
    'llama-3.1-8b mixed-4090-3090 --seq-length 4096 --global-batch 256 --launcher any',
  ],
];

const folder = join(import.meta.dirname, '..', 'configs', 'examples');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const [name, argv] of EXAMPLES) {
  const { code, out, err } = await run(['plan', ...argv.split(' '), '--top', '1', '--no-cache', '--json']);
  if (code !== 0) throw new Error(`${name}: ${err}`);
  writeFileSync(join(folder, `${name}.json`), out);
}
