import { describe, expect, it } from 'vitest';
import { deepspeed } from '../../../src/frameworks/deepspeed/index.ts';
import { DENSE, ORIGIN, planned } from './fixture.ts';

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
