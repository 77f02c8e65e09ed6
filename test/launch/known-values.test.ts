import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { run } from '../fixtures/run.ts';

const scratch = mkdtempSync(join(tmpdir(), 'known-values-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const sample = (name: string) => readFileSync(join('test/fixtures/launch', name), 'utf8');
const golden = (path: string) => readFileSync(join('test/golden/snapshots/launch', path), 'utf8');

const FILES = {
  deepspeed: sample('deepspeed_llama3_70b_64h100.json'),
  megatron: sample('megatron_llama3_70b_64h100.sbatch'),
  'megatron-bridge': `${sample('bridge_llama3_70b_64h100.sh').trimEnd()} \\\n  model.recompute_granularity=full\n`,
  torchtitan: sample('torchtitan_plan.py'),
  nanotron: sample('nanotron_llama3_70b_64h100.partial.yaml'),
  primus: sample('primus_llama3_70b_64.yaml'),
  flagscale: sample('flagscale_llama3_8b_same_tp.yaml'),
  zorse: golden('zorse/zorse_config.json'),
  cephalo: golden('cephalo/cephalo_config.json'),
  hexiscale: golden('hexiscale/arguments.txt'),
  holmes: golden('holmes/arguments.txt'),
} as const;

type Case = readonly [launcher: keyof typeof FILES, from: string | RegExp, to: string, said: RegExp];

/** A value that the framework has not, and what is said of it: the key, the value, what it may be, the nearest. */
const CASES: readonly Case[] = [
  [
    'deepspeed',
    /"stage": 3/,
    '"stage": "three"',
    /zero-stage: zero_optimization.stage "three"\n {2}expected: 0, 1, 2 or 3\n {2}\w/,
  ],
  ['deepspeed', /"stage": 3/, '"stage": "3"', /expected: 0, 1, 2 or 3\n {2}Maybe 3\./],
  [
    'deepspeed',
    /"stage": 3/,
    '"stage": 3, "offload_optimizer": {"device": "gpu"}',
    /zero_optimization.offload_optimizer.device "gpu"\n {2}expected: none, cpu or nvme\n {2}Maybe cpu, or none/,
  ],
  [
    'deepspeed',
    /"stage": 3/,
    '"stage": 3, "offload_param": {"device": 0}',
    /offload_param.device 0\n {2}expected: none, cpu or nvme/,
  ],
  [
    'deepspeed',
    /"stage": 3/,
    '"stage": 3, "offload_optimizer": {"ratio": -1}',
    /ratio -1\n {2}expected: a number from 0 to 1/,
  ],
  ['megatron', '--bf16', '--bf16 --optimizer adamw', /--optimizer adamw\n.* adam, .*\n {2}Maybe adam\./],
  [
    'megatron',
    '--bf16',
    '--bf16 --recompute-granularity ful',
    /expected: full or selective\n {2}Maybe full\./,
  ],
  [
    'megatron',
    '--bf16',
    '--bf16 --recompute-granularity selective --recompute-modules core_atn',
    /Maybe core_attn\./,
  ],
  ['megatron', '--bf16', '--bf16 --cp-comm-type a2a+p2', /Maybe a2a\+p2p\./],
  ['megatron', '--bf16', '--bf16 --attention-backend flahs', /Maybe flash\./],
  [
    'megatron-bridge',
    /recompute_granularity=full/,
    'recompute_granularity=fully',
    /model.recompute_granularity fully\n.*\n {2}Maybe full\./,
  ],
  ['primus', 'mock_data: true', 'fp8: hybrd', /fp8\w* hybrd\n.*\n {2}Maybe hybrid\./],
  ['flagscale', 'use_mcore_models: true', 'optimizer: adamw', /optimizer adamw\n.*\n {2}Maybe adam\./],
  ['torchtitan', '"1F1B"', '"1F2B"', /pipeline_parallel_schedule 1F2B\n.*\n {2}Maybe 1F1B\./],
  [
    'torchtitan',
    'p.num_pp_micro',
    'p.fsdp_reshard_after_forward = "alway"; p.num_pp_micro',
    /fsdp_reshard_after_forward "alway"\n {2}expected: default, always or never\n {2}Maybe always\./,
  ],
  ['torchtitan', 'p.num_pp_micro', 'c.optimizer.name = "AdanW"; p.num_pp_micro', /Maybe AdamW\./],
  [
    'nanotron',
    'pp_engine: 1f1b',
    'pp_engine: 1f2b',
    /pp_engine "1f2b"\n {2}expected: 1f1b or afab\n {2}Maybe 1f1b\./,
  ],
  ['nanotron', 'REDUCE_SCATTER', 'REDUCE_SCATER', /Maybe REDUCE_SCATTER\./],
  ['zorse', /"autocast_dtype": "\w+"/, '"autocast_dtype": "bfloat"', /Maybe bfloat16\./],
  ['cephalo', /"autocast_dtype": "\w+"/, '"autocast_dtype": "bfloat"', /Maybe bfloat16\./],
  ['hexiscale', /--mixed_precision\s+\w+/, '--mixed_precision\nbf61', /Maybe bf16\./],
  ['holmes', /$/, '\n--recompute-granularity\nful\n', /Maybe full\./],
];

describe('a value that the framework has not', () => {
  it.each(CASES)('%s %s: %s', async (launcher, from, to, said) => {
    const text = FILES[launcher].replace(from, to);
    expect(text).not.toBe(FILES[launcher]);
    const file = join(scratch, `${launcher}.txt`);
    writeFileSync(file, text);
    const validated = await run(['validate', file, '--for', launcher], { columns: 500 });
    expect(validated.code).toBe(4);
    const estimated = await run(
      ['estimate', 'llama-3.1-70b', 'dgx-h100-64', '--from', file, '--for', launcher],
      { columns: 500 },
    );
    expect(estimated.code).toBe(2);
    expect(estimated.err).toMatch(said);
    expect(estimated.err).toMatch(/:\d+: /);
    expect(validated.out).toContain(estimated.err);
    // As wide as where it is read.
    const narrow = await run(['validate', file, '--for', launcher], { outputColumns: 80 });
    const words = narrow.out.split('\n').filter((line) => line.length > 80);
    for (const line of words) expect(line.trim()).not.toContain(' ');
    expect(narrow.out.replaceAll(/\s+/g, ' ')).toBe(validated.out.replaceAll(/\s+/g, ' '));
  });
});
