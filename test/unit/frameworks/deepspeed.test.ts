import { describe, expect, it } from 'vitest';
import type { Problem } from '../../../src/domain/problem.ts';
import { deepspeed } from '../../../src/frameworks/deepspeed/index.ts';
import { sourceOf } from '../../fixtures/source.ts';
import { DENSE, ORIGIN, planned, problemOf } from './fixture.ts';

describe('deepspeed', () => {
  it('keeps the batch equation', () => {
    const plan = planned(DENSE, 'tp=1,pp=1,cp=2,dp=32,micro-batch=1,sharding=3');
    const config = JSON.parse(deepspeed.render(DENSE, plan, ORIGIN)[0]!.content);
    expect(config.train_batch_size).toBe(
      config.train_micro_batch_size_per_gpu * config.gradient_accumulation_steps * 32,
    );
    expect(config.sequence_parallel_size).toBe(2);
    expect(config.zero_optimization.stage).toBe(3);
  });

  it.each([
    ['pipeline', 'tp=1,pp=2,dp=32'],
    ['tensor-parallel', 'tp=2,pp=1,dp=32'],
    ['recompute', 'tp=1,pp=1,dp=64,recompute=core_attn'],
  ])('refuses %s and names who could', (rule, config) => {
    expect(deepspeed.reject(DENSE, planned(DENSE, config))).toMatchObject({
      rule,
      hint: 'Maybe --launcher megatron.',
    });
  });
});

describe('what the program has to bring', () => {
  const USUAL = problemOf('llama-3.1-8b', 'dgx-h100-64', 'deepspeed');
  const of = (workload: Partial<Problem['workload']>): Problem => ({
    ...USUAL,
    workload: { ...USUAL.workload, ...workload },
  });
  const SPLIT = 'tp=1,pp=1,dp=64,recompute=none';

  it.each([
    [
      'the usual',
      USUAL,
      `${SPLIT},zero=1`,
      [/Loss: cross entropy of fp32 logits/, /hands AdamW/, /FlashAttention 2/],
      [],
    ],
    [
      '8-bit AdamW',
      of({ optimizer: 'adamw-8bit' }),
      `${SPLIT},zero=1`,
      [/OPTIMIZER=adamw-8bit.*bitsandbytes/],
      [/8-bit AdamW/],
    ],
    ['a loss', USUAL, `${SPLIT},zero=1,loss=fused-linear`, [/Loss: Liger/], [/the program has Liger/]],
    ['states on the CPU', USUAL, `${SPLIT},zero=2,offload-optimizer=1`, [/DeepSpeedCPUAdam/], []],
    ['recomputation', USUAL, 'tp=1,pp=1,dp=64,recompute=full,zero=1', [/gradient_checkpointing_enable/], []],
    ['Ulysses', USUAL, 'tp=1,pp=1,cp=2,dp=32,recompute=none,zero=1', [/UlyssesSPAttentionHF/], []],
    ['groups of ZeRO-3', USUAL, `${SPLIT},zero=3,dp-replicate=8`, [/MiCS_Init/], []],
  ] as const)('%s', (_, problem, configuration, notes, rests) => {
    const plan = planned(problem, configuration);
    expect(deepspeed.reject(problem, plan)).toBeNull();
    const lines = deepspeed.notes!(problem, plan);
    for (const note of notes)
      expect(
        lines.some((line) => note.test(line)),
        String(note),
      ).toBe(true);
    const left = deepspeed.restsOn!(problem, plan);
    expect(left.length).toBe(rests.length);
    for (const [i, one] of rests.entries()) expect(left[i]).toMatch(one);
    // What is not asked for is not told.
    expect(lines.some((line) => line.includes('OPTIMIZER='))).toBe(
      problem.workload.optimizer === 'adamw-8bit',
    );
    const variables = deepspeed
      .render(problem, plan, ORIGIN)
      .find(({ path }) => path === 'launch.sh')!.content;
    for (const name of ['OPTIMIZER', 'LOSS', 'PACKING'])
      expect(new RegExp(`^export ${name}=`, 'm').test(variables), name).toBe(
        lines.some((line) => line.includes(`${name}=`)) ||
          (name === 'LOSS' && configuration.includes('loss=')),
      );
  });

  it('is read back from the folder', () => {
    const plan = planned(USUAL, `${SPLIT},zero=1,loss=cut`);
    const files = Object.fromEntries(
      deepspeed.render(USUAL, plan, ORIGIN).map((one) => [one.path, one.content]),
    );
    const source = sourceOf(files['ds_config.json']!, 'ds_config.json', files);
    expect(deepspeed.reader!.read(source).asked().configuration).toMatchObject({ loss: 'cut' });
    const odd = { ...files, 'launch.sh': files['launch.sh']!.replace('LOSS=cut', 'LOSS=liger') };
    const read = () =>
      deepspeed.reader!.read(sourceOf(files['ds_config.json']!, 'ds_config.json', odd)).asked();
    expect(read).toThrow(/LOSS=liger[\s\S]*Maybe LOSS=fused-linear/);
  });
});
