import { describe, expect, it } from 'vitest';
import { loadGpu } from '../../../src/catalogue/gpus.ts';
import { nextBest, PRECISIONS, type Precision } from '../../../src/domain/dtype.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { supports } from '../../../src/hardware/gemm.ts';
import { splitLaw } from '../../../src/laws/split.ts';
import { countParameters } from '../../../src/layers/parameters.ts';
import { search } from '../../../src/search/search.ts';
import { idleGroups } from '../../../src/search/what-if.ts';
import { problem } from '../../fixtures/problem.ts';
import { planned } from '../frameworks/fixture.ts';

const SPLIT = { shapes: [{ group: 0, tp: 1 }], cp: 1, dp: 8, ep: 1, etp: 1 };

describe('a GPU without arithmetic of a precision', () => {
  it.each([
    ['dgx-h100-8', 'nvfp4', 'h100-sxm', 'fp8'],
    ['dgx-h100-8', 'mxfp8', 'h100-sxm', 'fp8'],
    ['dgx-a100-8', 'fp8', 'a100-80-sxm', 'bf16'],
    ['dgx-a100-8', 'fp8-rowwise', 'a100-80-sxm', 'bf16'],
    ['v100-cloud-32', 'bf16', 'v100-sxm2-32', 'fp16'],
    ['v100-cloud-32', 'tf32', 'v100-sxm2-32', 'fp16'],
  ] as const)('%s in %s is named, with what it has', (cluster, precision, gpu, instead) => {
    const broken = splitLaw(problem('llama-3.2-1b', cluster, { precision }), SPLIT);
    expect(broken).toMatchObject({
      rule: 'precision',
      actual: `${gpu} has no ${precision}`,
      hint: `Maybe --precision ${instead}.`,
    });
    expect(broken!.limit).toContain(instead);
    expect(broken!.limit.split(/[:,] ?/)).not.toContain(precision);
  });

  it.each([
    ['dgx-b200-64', 'nvfp4'],
    ['dgx-b200-64', 'mxfp8'],
    ['dgx-h100-8', 'fp8'],
    ['dgx-h100-8', 'tf32'],
    ['mi300x-64', 'fp8'],
  ] as const)('%s has %s', (cluster, precision) =>
    expect(splitLaw(problem('llama-3.2-1b', cluster, { precision }), SPLIT)).toBeNull(),
  );

  it('is offered another that it has', () => {
    for (const id of ['h100-sxm', 'a100-80-sxm', 'v100-sxm2-32', 't4', 'b200', 'mi300x']) {
      const gpu = loadGpu(id);
      const has = PRECISIONS.filter((one) => supports(gpu, one));
      for (const asked of PRECISIONS) {
        const offered = nextBest(asked, has);
        expect(has, `${id} for ${asked}`).toContain(offered);
      }
    }
  });

  it.each([
    ['mixed-a100-v100', 'bf16', 'fp16', 'v100'],
    ['mixed-32xh100-32xa100-40gb', 'fp8', 'bf16', 'a100-40'],
  ] as const)('on %s is left idle in %s, and %s would let it work', (cluster, precision, instead, group) => {
    const on = problem('llama-3.2-1b', cluster, { precision }, 'generic');
    const { plans } = search(on, { top: 1 });
    const [idle] = idleGroups(on, plans[0]!, {});
    expect(idle).toMatchObject({ group, reason: { rule: 'precision' }, otherwise: { precision: instead } });
    expect(idle!.otherwise!.stepSeconds).toBeGreaterThan(0);
  });
});

describe('tf32', () => {
  const costed = (precision: Precision) => {
    const on = problem('llama-3.2-1b', 'dgx-h100-8', { globalBatchSize: 16, precision });
    return { ...estimate(on, planned(on, 'dp=8,micro-batch=1,zero=0')), model: on.model };
  };

  it('has tensors of 4 bytes, as fp32 has', () => {
    const { stages, model } = costed('tf32');
    const { allocated } = stages[0]!.memory;
    expect(allocated).toEqual(costed('fp32').stages[0]!.memory.allocated);
    expect(allocated.weights! / countParameters(model).total).toBeCloseTo(4, 2);
  });

  it('multiplies faster than fp32, and slower than bf16', () => {
    const seconds = (precision: Precision) => costed(precision).time['matrix multiplication']!;
    expect(seconds('tf32')).toBeLessThan(0.5 * seconds('fp32'));
    expect(seconds('tf32')).toBeGreaterThan(1.2 * seconds('bf16'));
  });

  it('is priced by assumption', () =>
    expect(costed('tf32').assumptions.join()).toContain('h100-sxm: tf32 kernels not measured'));
});

describe('weights held in fp8', () => {
  const costed = (cluster: string, stack: string, config: string) => {
    const on = problem('llama-3.1-8b', cluster, { precision: 'fp8' }, stack);
    const at = (held: boolean) => estimate(on, planned(on, `${config},fp8-weights=${held}`));
    return { wide: at(false), narrow: at(true) };
  };
  const memory = ({ stages }: ReturnType<typeof estimate>) => stages[0]!.memory.allocated;

  it('are held twice where backward needs them transposed, once on Blackwell', () => {
    const hopper = costed('dgx-h100-64', 'megatron-core', 'tp=1,dp=64,zero=1,micro-batch=1');
    expect(memory(hopper.narrow).weights).toBeCloseTo(memory(hopper.wide).weights!, 0);
    const { wide, narrow } = costed('dgx-b200-64', 'megatron-core', 'tp=1,dp=64,zero=1,micro-batch=1');
    // 7.0 of 8.0 billion parameters are of linear layers.
    const linear = 8_030_261_248 - 2 * 128_256 * 4096 - 65 * 4096;
    expect(memory(wide).weights! - memory(narrow).weights!).toBeCloseTo(linear, 0);
  });

  it('are gathered in half the bytes', () => {
    const { wide, narrow } = costed('dgx-h100-64', 'megatron-core', 'tp=1,dp=64,zero=1,micro-batch=1');
    expect(narrow.time['parameter gathering']!).toBeLessThan(wide.time['parameter gathering']!);
    const fsdp = costed('dgx-h100-64', 'torch-fsdp2', 'tp=1,dp=64,micro-batch=1');
    const part = 'gathered parameters';
    expect(memory(fsdp.narrow)[part]!).toBeLessThan(memory(fsdp.wide)[part]!);
    expect(memory(fsdp.narrow).weights).toBe(memory(fsdp.wide).weights);
  });
});
