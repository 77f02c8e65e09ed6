import { describe, expect, it } from 'vitest';
import { loadGpu } from '../../../src/catalogue/gpus.ts';
import { total } from '../../../src/domain/estimate.ts';
import { coefficients } from '../../../src/hardware/coefficients.ts';
import { layerOperators } from '../../../src/layers/layer.ts';
import type { LocalShape } from '../../../src/layers/operator.ts';
import type { StageLoad } from '../../../src/memory/stage-load.ts';
import { walk } from '../../../src/memory/walk.ts';
import { stateBytes } from '../../../src/techniques/optimizer-sharding.ts';
import { restoredBytes, savedBytes } from '../../../src/techniques/recompute.ts';
import { problem } from '../../fixtures/problem.ts';

const c = coefficients();
const [s, b, h, a] = [2048, 1, 12288, 96];
const local: LocalShape = {
  tokens: s * b,
  sequence: s,
  microBatch: b,
  tensorParallel: 1,
  contextParallel: 1,
  expertParallel: 1,
  expertTensorParallel: 1,
  sequenceParallel: false,
  elementBytes: 2,
  vocabularyShards: 1,
  linearInputBytes: 2,
};
const none = { mode: 'none', modules: [], layersPerStage: null } as const;
const full = { mode: 'full', modules: [], layersPerStage: null } as const;

function gptLayer(stack: string, shape: LocalShape = local) {
  const p = problem('gpt3-175b', 'dgx-a100-8', {}, stack);
  return layerOperators(p.model, p.model.kinds[0]!, shape, p.stack, c);
}

describe('saved activations of a GPT layer', () => {
  it('are 34·sbh + 4·sba with fused attention and dropout masks', () => {
    expect(savedBytes(gptLayer('megatron-2023'), none, 2 * s * b * h)).toBe(34 * s * b * h + 4 * s * b * a);
  });

  it('are 34·sbh + 5·a·s²·b without (Korthikanti et al. 2022, equation 1)', () => {
    expect(savedBytes(gptLayer('megatron-2021'), none, 2 * s * b * h)).toBe(
      34 * s * b * h + 5 * a * s * s * b,
    );
  });

  it('are the same over t with tensor and sequence parallelism (equation 4)', () => {
    const t = 8;
    const split = { ...local, tensorParallel: t, sequenceParallel: true };
    expect(savedBytes(gptLayer('megatron-2021', split), none, (2 * s * b * h) / t)).toBe(
      (34 * s * b * h + 5 * a * s * s * b) / t,
    );
  });

  it('are 10 + 24/t with tensor parallelism alone (equation 2)', () => {
    const t = 8;
    const split = { ...local, tensorParallel: t };
    expect(savedBytes(gptLayer('megatron-2021', split), none, 2 * s * b * h)).toBe(
      s * b * h * (10 + 24 / t) + (5 * a * s * s * b) / t,
    );
  });

  it('lose the softmax under selective recomputation (equation 6), all but the input under full', () => {
    const selective = { mode: 'selective', modules: ['core_attn'], layersPerStage: null } as const;
    expect(savedBytes(gptLayer('megatron-2021'), selective, 2 * s * b * h)).toBe(34 * s * b * h);
    expect(savedBytes(gptLayer('megatron-2021'), full, 2 * s * b * h)).toBe(2 * s * b * h);
    expect(restoredBytes(gptLayer('megatron-2021'), full, 2 * s * b * h)).toBe(
      32 * s * b * h + 5 * a * s * s * b,
    );
  });
});

describe('states', () => {
  const state = { weights: 2, gradients: 4, optimizer: 12 };
  it.each([
    [0, 18],
    [1, 6 + 12 / 8],
    [2, 2 + 16 / 8],
    [3, 18 / 8],
  ] as const)('with sharding %i over 8: %d bytes a parameter', (sharding, bytes) => {
    const parts = stateBytes(1000, state, sharding, 8);
    expect(parts.weights + parts.gradients + parts.optimizer).toBe(1000 * bytes);
  });
});

describe('the walk over a step', () => {
  const GiB = 2 ** 30;
  const load: StageLoad = {
    state: { weights: 2 * GiB, gradients: 4 * GiB, optimizer: 6 * GiB },
    activationsByChunk: [GiB],
    lossSaved: 0,
    lossTransient: 0,
    restored: 0,
    backwardTransient: 0,
    gradTemporary: 0,
    gathered: 0,
    optimizerTemporary: 0,
  };
  const limits = {
    gpu: loadGpu('a100-80-sxm'),
    headroom: 0.1,
    allocator: { reservedOverAllocated: 1.1, contextBytes: GiB, bytesPerCommunicator: GiB / 2 },
    communicators: 2,
  };

  it('adds states, activations in flight and the allocator', () => {
    const result = walk(load, [4], limits);
    expect(result.allocatedBytes).toBe(16 * GiB);
    expect(result.reservedBytes).toBeCloseTo(17.6 * GiB, 0);
    expect(result.deviceBytes).toBeCloseTo(19.6 * GiB, 0);
    expect(result.limitBytes).toBeCloseTo(0.9 * limits.gpu.memoryBytes, 0);
    expect(total(result.allocated)).toBe(result.allocatedBytes);
    expect(result.verdict).toBe('fits');
  });

  it('finds the point where the peak stands', () => {
    expect(walk({ ...load, lossSaved: GiB, lossTransient: 2 * GiB }, [1], limits).peakAt).toBe('loss');
    expect(walk({ ...load, restored: 3 * GiB }, [1], limits).peakAt).toBe('backward');
    expect(walk({ ...load, optimizerTemporary: 9 * GiB }, [1], limits).peakAt).toBe('optimizer-step');
  });

  it('judges against the limit', () => {
    const room = walk(load, [1], limits).limitBytes;
    const sized = (bytes: number) => walk({ ...load, activationsByChunk: [bytes] }, [1], limits).verdict;
    expect(sized(room)).toBe('does-not-fit');
    expect(sized((0.97 * room - 2 * GiB) / 1.1 - 12 * GiB)).toBe('tight');
    expect(sized((0.9 * room - 2 * GiB) / 1.1 - 12 * GiB)).toBe('fits');
  });
});
