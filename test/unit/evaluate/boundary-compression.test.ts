import { describe, expect, it } from 'vitest';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { FRAMEWORKS } from '../../../src/frameworks/index.ts';
import { coefficients } from '../../../src/hardware/coefficients.ts';
import { gemmSeconds } from '../../../src/hardware/gemm.ts';
import { parseConfiguration } from '../../../src/plan-text/configuration.ts';
import { planOf } from '../../../src/plan-text/plan-of.ts';
import { problem } from '../../fixtures/problem.ts';
import { planned } from '../frameworks/fixture.ts';

const TWO = problem(
  'llama-3.1-8b',
  'two-regions',
  { sequenceLength: 8192, globalBatchSize: 512 },
  'torch-fsdp2',
);
const SPLIT = 'pp=2,dp=32,micro-batch=1,recompute=full';
const on = (times: number, text = SPLIT) =>
  estimate(TWO, planned(TWO, `${text},boundary-compression=${times}`));
const refusal = (text: string) => {
  const found = planOf(TWO, parseConfiguration(text));
  return 'rule' in found ? found.rule : null;
};

describe('compressed boundaries', () => {
  it('send so many times less, and take two products on either side', () => {
    const transfers = (times: number) => on(times).time['pipeline transfers']!;
    const { gpu } = TWO.cluster.groups[0]!;
    const c = coefficients(undefined);
    const product = (n: number, k: number) => gemmSeconds(gpu, 'bf16', { m: 8192, n, k }, c);
    const factor = TWO.stack.timeMultiplier.value;
    // 16 micro-batches of a copy; each stage encodes one and decodes one of each.
    for (const times of [8, 64]) {
      const coding = factor * 16 * (product(4096 / times, 4096) + product(4096, 4096 / times));
      const sent = transfers(times) - coding;
      expect(sent).toBeGreaterThan(0);
      // The start of a transfer does not shrink; who waits for the cards waits less.
      expect(sent / (transfers(1) / times)).toBeGreaterThan(0.6);
      expect(sent / (transfers(1) / times)).toBeLessThan(1.2);
    }
    expect(on(8).stepSeconds).toBeLessThan(on(1).stepSeconds);
    expect(on(8).convergence.join()).toContain('1/8 of the width');
  });

  it('leave a fast network as it is: nothing is gained there', () => {
    const near = problem('llama-3.1-8b', 'dgx-h100-64', { sequenceLength: 8192, globalBatchSize: 512 });
    const step = (times: number) =>
      estimate(near, planned(near, `pp=2,dp=32,micro-batch=1,boundary-compression=${times}`)).stepSeconds;
    expect(step(8) / step(1)).toBeGreaterThan(0.98);
  });

  it('want stages, and a divisor of the width', () => {
    expect(refusal('pp=1,dp=64,micro-batch=1,boundary-compression=8')).toBe('boundary-compression');
    expect(refusal(`${SPLIT},boundary-compression=3`)).toBe('boundary-compression');
    expect(refusal(`${SPLIT},boundary-compression=8`)).toBeNull();
  });

  it('are of a slow island alone, where another is one stage', () => {
    const islands =
      'pipelines=32@west:32x1:8+16@east:16x1:16/16@east:16x1:16,micro-batch=1,zero=3,local-steps=100';
    const step = (times: number) => on(times, islands).stepSeconds;
    expect(step(8)).toBeGreaterThan(0);
    expect(refusal(`${islands},boundary-compression=8`)).toBeNull();
  });

  it('are refused by name by every framework', () => {
    const plan = planned(TWO, `${SPLIT},boundary-compression=8`);
    for (const framework of FRAMEWORKS) expect(framework.reject(TWO, plan), framework.id).not.toBeNull();
  });
});
