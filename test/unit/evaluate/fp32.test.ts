import { describe, expect, it } from 'vitest';
import { loadGpu } from '../../../src/catalogue/gpus.ts';
import type { Problem } from '../../../src/domain/problem.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { megatron } from '../../../src/frameworks/megatron/index.ts';
import { nanotron } from '../../../src/frameworks/nanotron/index.ts';
import { splitLaw } from '../../../src/laws/split.ts';
import { countParameters } from '../../../src/layers/parameters.ts';
import { parseConfiguration } from '../../../src/plan-text/configuration.ts';
import { planOf } from '../../../src/plan-text/plan-of.ts';
import { problem } from '../../fixtures/problem.ts';

const CONFIG = 'dp=8,micro-batch=1,zero=0';
const given = (precision: Problem['workload']['precision'], stack?: string) =>
  problem('llama-3.2-1b', 'dgx-h100-8', { globalBatchSize: 16, precision }, stack);

function planFor(p: Problem, config = CONFIG) {
  const outcome = planOf(p, parseConfiguration(config));
  if ('rule' in outcome) throw new Error(outcome.rule);
  return outcome.plan;
}

const costed = (p: Problem, config = CONFIG) => estimate(p, planFor(p, config));

describe('training in fp32', () => {
  it('keeps one copy of the weights, gradients and moments as wide', () => {
    const parameters = countParameters(given('fp32').model).total;
    const { allocated } = costed(given('fp32')).stages[0]!.memory;
    expect(allocated.weights! / parameters).toBeCloseTo(4, 2);
    expect(allocated.gradients! / parameters).toBeCloseTo(4, 2);
    expect(allocated['optimizer states']! / parameters).toBeCloseTo(8, 2);
  });

  it('saves twice the bytes of 16-bit activations', () => {
    const saved = (p: Problem) => costed(p).stages[0]!.memory.allocated.activations!;
    expect(saved(given('fp32')) / saved(given('bf16'))).toBeCloseTo(2, 1);
  });

  it('takes longer, up to the ratio of peaks', () => {
    const { bf16, fp32 } = loadGpu('h100-sxm').peakFlops;
    const { time } = costed(given('fp32'));
    const part = 'matrix multiplication';
    const slower = time[part]! / costed(given('bf16')).time[part]!;
    expect(slower).toBeGreaterThan(0.6 * (bf16! / fp32!));
    expect(slower).toBeLessThan(1.1 * (bf16! / fp32!));
  });

  it('gathers weights of 4 bytes where they are sharded', () => {
    const gathered = (p: Problem) =>
      costed(p, 'dp=8,micro-batch=1').stages[0]!.memory.allocated['gathered parameters']!;
    expect(gathered(given('fp32', 'torch-fsdp2'))).toBeGreaterThan(gathered(given('bf16', 'torch-fsdp2')));
  });

  it('is priced by assumption, and told so, unless its layers were measured', () => {
    const { weakestProvenance, assumptions } = costed(given('fp32'));
    expect(weakestProvenance).toBe('assumed');
    expect(assumptions.join()).toMatch(/h100-sxm: fp32 kernels not measured/);
    const entry = {
      gpu: 'h100-sxm',
      part: 'layer',
      layerKind: null,
      precision: 'fp32',
      tensorParallel: 1,
      contextParallel: 1,
      expertParallel: 1,
      expertTensorParallel: 1,
      sequenceLength: 4096,
      points: [{ microBatch: 1, forwardSeconds: 0.02, backwardSeconds: 0.04, savedBytes: null }],
    } as const;
    const measured = costed({ ...given('fp32'), layerProfile: { name: 'mine', entries: [entry] } });
    expect(measured.stages[0]!.compute['layers as measured']).toBeCloseTo(16 * 0.06, 9);
    expect(measured.assumptions.join()).not.toMatch(/fp32 kernels|scaled/);
    expect(measured.weakestProvenance).not.toBe('assumed');
  });

  it('needs a peak of fp32', () => {
    const p = given('fp32');
    const [group] = p.cluster.groups;
    const { fp32: _, ...peakFlops } = group!.gpu.peakFlops;
    const cluster = { ...p.cluster, groups: [{ ...group!, gpu: { ...group!.gpu, peakFlops } }] };
    const split = { shapes: [{ group: 0, tp: 1 }], cp: 1, dp: 8, ep: 1, etp: 1 };
    expect(splitLaw({ ...p, cluster }, split)).toMatchObject({ rule: 'precision' });
    expect(splitLaw(p, split)).toBeNull();
  });

  it('is what Megatron-LM does without a word, and is not claimed of nanotron', () => {
    const p = given('fp32');
    expect(megatron.reject(p, planFor(p))).toBeNull();
    const [script] = megatron.render(p, planFor(p), { origin: '', inputs: { model: '', cluster: '' } });
    expect(script!.content).not.toMatch(/--(bf16|fp16|fp8)/);
    expect(nanotron.reject(p, planFor(p))).toMatchObject({ rule: 'precision' });
  });
});
