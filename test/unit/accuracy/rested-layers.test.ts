import { describe, expect, it } from 'vitest';
import { type LayerTimes, predicted } from '../../../src/accuracy/layer-times.ts';
import { loadGpu } from '../../../src/catalogue/gpus.ts';

const LLAMA = { name: 'llama', hidden: 4096, heads: 32, ffnHidden: 11008, kind: 'llama' } as const;

function layer(gpu: string, precision: 'fp16' | 'fp32'): LayerTimes {
  return {
    ...{ id: 'one', source: 'here', gpu, precision, model: LLAMA },
    ...{ tokens: 512, attention: 'fused', fitted: false, points: [] },
  };
}

/** Times slower than a burst. */
function slowed(gpu: string, precision: 'fp16' | 'fp32', batch: number): number {
  const own = loadGpu(gpu);
  const all = (slow: number) => {
    const { forward, backward } = predicted(layer(gpu, precision), batch, {
      ...own,
      sustainedSlowdown: slow,
    });
    return forward + backward;
  };
  return all(own.sustainedSlowdown) / all(1);
}

describe('a layer timed between rests', () => {
  it.each(['fp16', 'fp32'] as const)('is one burst on a GPU with a power connector, in %s', (precision) => {
    expect(slowed('a100-80-sxm', precision, 16)).toBe(1);
    expect(slowed('p40', precision, 16)).toBe(1);
  });

  it.each([
    ['l4', 'fp16'],
    ['l4', 'fp32'],
    ['t4', 'fp16'],
    ['t4', 'fp32'],
  ] as const)('comes down to what lasts on %s in %s, the longer it takes', (gpu, precision) => {
    const batches = [1, 4, 16, 256].map((batch) => slowed(gpu, precision, batch));
    expect(batches).toEqual([...batches].sort((a, b) => a - b));
    expect(batches[0]).toBeLessThan(1 + 0.6 * (loadGpu(gpu).sustainedSlowdown - 1));
    expect(batches[3]).toBeLessThan(loadGpu(gpu).sustainedSlowdown);
    expect(batches[3]).toBeGreaterThan(1 + 0.5 * (loadGpu(gpu).sustainedSlowdown - 1));
  });
});
