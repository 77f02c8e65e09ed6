import { describe, expect, it } from 'vitest';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { Blocks } from '../../../src/evaluate/time/next-block.ts';
import { noTime, seconds } from '../../../src/evaluate/time/pass-time.ts';
import { FRAMEWORKS } from '../../../src/frameworks/index.ts';
import { coefficients } from '../../../src/hardware/coefficients.ts';
import { operator } from '../../../src/layers/operator.ts';
import { parseConfiguration } from '../../../src/plan-text/configuration.ts';
import { planOf } from '../../../src/plan-text/plan-of.ts';
import { problem } from '../../fixtures/problem.ts';
import { planned } from '../frameworks/fixture.ts';

const DENSE = problem('llama-3.1-70b', 'dgx-h100-64', { sequenceLength: 8192, globalBatchSize: 512 });
const SPLIT = 'tp=8,pp=4,dp=2,micro-batch=1';
const on = (kind: string, text = SPLIT) => estimate(DENSE, planned(DENSE, `${text},architecture=${kind}`));
const refusal = (text: string) => {
  const found = planOf(DENSE, parseConfiguration(text));
  return 'rule' in found ? found.rule : null;
};

/** A layer of two blocks whose kernels and exchanges take so long. */
function layer(blocks: readonly (readonly [kernels: number, exchange: number])[], contention = 0) {
  const all = { forward: noTime(), backward: noTime(), recompute: noTime() };
  const held = new Blocks();
  for (const [i, [gemm, tensorParallel]] of blocks.entries()) {
    const forward = { ...noTime(), gemm, tensorParallel };
    held.add(operator({ name: `${i}-residual` }), { forward, backward: noTime(), weightGrad: 0 }, null);
    all.forward.gemm += gemm;
    all.forward.tensorParallel += tensorParallel;
  }
  held.besideNext(all, contention || 1e-9);
  return all.forward;
}

describe('ladder residual', () => {
  it('exposes of a block what outlasts the next one', () => {
    expect(
      layer([
        [3, 1],
        [2, 4],
      ]).tensorParallel,
    ).toBeCloseTo(0 + 1, 9);
    expect(
      layer([
        [3, 1],
        [2, 2],
      ]).tensorParallel,
    ).toBe(0);
    expect(layer([[1, 5]]).tensorParallel).toBeCloseTo(4, 9);
  });

  it('gains in inference 1.29 where exchanges are 38 % (arXiv 2501.06589), to 20 %', () => {
    const { contention } = coefficients(undefined);
    const gain =
      1 /
      seconds(
        layer(
          [
            [0.31, 0.19],
            [0.31, 0.19],
          ],
          contention,
        ),
      );
    expect(gain / 1.29).toBeGreaterThan(1);
    expect(gain / 1.29).toBeLessThan(1.2);
    expect(gain).toBeLessThan(1 / (1 - 0.38));
  });

  it('gains no more in training than all that is exposed, and more across hosts', () => {
    const gain = (text: string) => on('standard', text).stepSeconds / on('ladder', text).stepSeconds;
    const share = (text: string) => {
      const { time, stepSeconds } = on('standard', text);
      return time['tensor-parallel communication']! / stepSeconds;
    };
    for (const text of [SPLIT, 'tp=16,pp=4,dp=1,micro-batch=1']) {
      expect(gain(text)).toBeGreaterThan(1.1);
      // What pipelines wait falls with it.
      expect(gain(text)).toBeLessThan(1.01 / (1 - share(text)) + 0.02);
    }
    // What is sent again for the passes that run again is hidden too.
    expect(gain(`${SPLIT},recompute=full`)).toBeGreaterThan(gain(SPLIT) - 0.05);
    expect(gain('tp=16,pp=4,dp=1,micro-batch=1')).toBeGreaterThan(gain(SPLIT));
  });

  it('keeps a residual more, and says its price', () => {
    const { stages, convergence } = on('ladder');
    expect(stages[0]!.memory.allocated['second residual']).toBe((2 * 8192 * 8192) / 8);
    expect(convergence.join()).toContain('another model');
  });

  it('hides nothing without tensor parallelism, nor what is hidden otherwise', () => {
    expect(refusal('tp=1,pp=8,dp=8,micro-batch=1,architecture=ladder')).toBe('architecture');
    expect(refusal(`${SPLIT},tp-overlap=userbuffers,architecture=ladder`)).toBe('architecture');
  });

  it('is refused by name by every framework', () => {
    const plan = planned(DENSE, `${SPLIT},architecture=ladder`);
    for (const framework of FRAMEWORKS) expect(framework.reject(DENSE, plan), framework.id).not.toBeNull();
  });
});
