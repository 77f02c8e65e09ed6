import { describe, expect, it } from 'vitest';
import { deepspeed } from '../../../src/frameworks/deepspeed/index.ts';
import { LAUNCHERS } from '../../../src/frameworks/index.ts';
import { megatron } from '../../../src/frameworks/megatron/index.ts';
import { torchtitan } from '../../../src/frameworks/torchtitan/index.ts';
import { problem } from '../../fixtures/problem.ts';
import { ORIGIN, planned } from './fixture.ts';

const on = (stack: string) => problem('llama-3.1-8b', 'dgx-h100-8', {}, stack);
const DP = 'tp=1,pp=1,dp=8,micro-batch=1,recompute=full';

function written(framework: typeof megatron, text: string, file: string): string {
  const given = on(framework.stack);
  const plan = planned(given, text);
  expect(framework.reject(given, plan)).toBeNull();
  return framework.render(given, plan, ORIGIN).find(({ path }) => path === file)!.content;
}

describe('offloading is written', () => {
  it('for Megatron-LM as its hybrid optimizer', () => {
    const words = written(megatron, `${DP},zero=1,offload=optimizer:0.5`, 'arguments.txt').split('\n');
    expect(words).toEqual(
      expect.arrayContaining(['--optimizer-cpu-offload', '--use-precision-aware-optimizer']),
    );
    expect(words[words.indexOf('--optimizer-offload-fraction') + 1]).toBe('0.5');
  });

  it('for DeepSpeed as sections of zero_optimization', () => {
    const text = `${DP},zero=3,offload=optimizer:0.3+parameters:host`;
    expect(JSON.parse(written(deepspeed, text, 'ds_config.json')).zero_optimization).toMatchObject({
      offload_optimizer: { device: 'cpu', pin_memory: true, ratio: 0.3 },
      offload_param: { device: 'cpu' },
    });
  });

  it('for torchtitan as one switch', () => {
    const text = `${DP},zero=3,offload=optimizer:1+parameters:host`;
    expect(written(torchtitan, text, 'plan.py')).toContain('c.training.enable_cpu_offload = True');
  });
});

describe('offloading and formats of states', () => {
  it('ask Megatron-LM for its precision-aware optimizer once', () => {
    const given = on('megatron-core');
    const workload = { ...given.workload, optimizerOptions: { moments: 'bf16' } };
    const plan = planned(given, `${DP},zero=1,offload=optimizer:1`);
    const [file] = megatron.render({ ...given, workload }, plan, ORIGIN);
    expect(file!.content.match(/--use-precision-aware-optimizer/g)).toHaveLength(1);
    expect(file!.content).toContain('--exp-avg-dtype');
  });

  it('are for optimizers that a CPU has', () => {
    const muon = { ...on('generic'), workload: { ...on('generic').workload, optimizer: 'muon' } };
    expect(() => planned(muon, `${DP},zero=1,offload=optimizer:1`)).toThrow(
      /offload-optimizer, muon on the CPU/,
    );
  });
});

describe('offloading is refused by name', () => {
  it.each([
    ['megatron', 'zero=3,offload=optimizer:1', 'offload-optimizer'],
    ['megatron', 'zero=1,offload=optimizer:1:stride2', 'offload-optimizer'],
    ['megatron', 'zero=1,offload=activations:1', 'offload-activations'],
    ['deepspeed', 'zero=1,offload=optimizer:0.5', 'offload-optimizer'],
    ['deepspeed', 'zero=3,offload=optimizer:1:nvme', 'offload-optimizer'],
    ['deepspeed', 'zero=2,offload=parameters:host', 'offload-parameters'],
    ['deepspeed', 'zero=3,offload=parameters:host:4', 'offload-parameters'],
    ['torchtitan', 'zero=3,offload=optimizer:1', 'offload-optimizer'],
    ['torchtitan', 'zero=3,offload=parameters:host', 'offload-optimizer'],
    ['nanotron', 'zero=1,offload=optimizer:1', 'offload-optimizer'],
    ['megatron-bridge', 'zero=1,offload=optimizer:1', 'offload-optimizer'],
  ])('by %s: %s', (id, text, rule) => {
    const launcher = LAUNCHERS.find((one) => one.id === id)!;
    const given = on('megatron-core');
    expect(launcher.reject(given, planned(given, `${DP},${text}`))?.rule).toBe(rule);
  });
});
