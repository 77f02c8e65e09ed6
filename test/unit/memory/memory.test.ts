import { describe, expect, it } from 'vitest';
import { loadGpu } from '../../../src/catalogue/gpus.ts';
import { total } from '../../../src/domain/estimate.ts';
import { type MemoryTerm, memoryTerm, POINTS } from '../../../src/domain/memory-term.ts';
import type { Techniques } from '../../../src/domain/plan.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { allocatable } from '../../../src/evaluate/memory/device.ts';
import type { OperatorMemory } from '../../../src/evaluate/memory/operator-memory.ts';
import { stageTerms } from '../../../src/evaluate/memory/stage-terms.ts';
import { judged, peakOf } from '../../../src/evaluate/memory/walk.ts';
import { stageProfile } from '../../../src/evaluate/stage-profile.ts';
import { parseConfiguration } from '../../../src/plan-text/configuration.ts';
import { planOf } from '../../../src/plan-text/plan-of.ts';
import { STATES } from '../../../src/techniques/holding.ts';
import { FULL_RECOMPUTE, selective } from '../../../src/techniques/recompute.ts';
import { zero } from '../../../src/techniques/zero.ts';
import { problem } from '../../fixtures/problem.ts';

const [s, b, h, a] = [2048, 1, 12288, 96];
const dims = { tp: 1, cp: 1, pp: 1, dpReplicate: 1, dpShard: 1, ep: 1, etp: 1, vpp: 1 };

/** A layer of GPT-3, micro-batches of one sequence of 2048 tokens. */
function gptLayer(stack: string, techniques: Techniques = {}, tp = 1): OperatorMemory {
  const p = problem('gpt3-175b', 'dgx-a100-8', { sequenceLength: s }, stack);
  const spec = { group: 0, firstDevice: 0, microBatchSize: b, schedule: '1f1b', techniques };
  return stageProfile(p, { ...spec, dims: { ...dims, tp } }).layers[0]![0]!.memory;
}

describe('saved activations of a GPT layer', () => {
  it('are 34·sbh + 4·sba with fused attention and dropout masks', () => {
    expect(gptLayer('megatron-2023').saved).toBe(34 * s * b * h + 4 * s * b * a);
  });

  it('are 34·sbh + 5·a·s²·b without (Korthikanti et al. 2022, equation 1)', () => {
    expect(gptLayer('megatron-2021').saved).toBe(34 * s * b * h + 5 * a * s * s * b);
  });

  it('are the same over t with tensor and sequence parallelism (equation 4)', () => {
    const t = 8;
    expect(gptLayer('megatron-2021', { sp: true }, t).saved).toBe((34 * s * b * h + 5 * a * s * s * b) / t);
  });

  it('are 10 + 24/t with tensor parallelism alone (equation 2)', () => {
    const t = 8;
    expect(gptLayer('megatron-2021', {}, t).saved).toBe(s * b * h * (10 + 24 / t) + (5 * a * s * s * b) / t);
  });

  it('lose the softmax under selective recomputation (equation 6), all but the input under full', () => {
    expect(gptLayer('megatron-2021', { recompute: selective('core_attn') }).saved).toBe(34 * s * b * h);
    const full = gptLayer('megatron-2021', { recompute: FULL_RECOMPUTE });
    expect(full.saved).toBe(2 * s * b * h);
    expect(full.restored).toBe(32 * s * b * h + 5 * a * s * s * b);
  });
});

describe('states', () => {
  const state = { weights: 2, gradients: 4, master: 4, moment: 4 };
  it.each([
    [0, 18],
    [1, 6 + 12 / 8],
    [2, 2 + 16 / 8],
    [3, 18 / 8],
  ] as const)('with sharding %i over 8: %d bytes a parameter', (sharding, bytes) => {
    const given = problem('gpt3-175b', 'dgx-a100-8');
    const p = { ...given, stack: { ...given.stack, state } };
    const spec = { group: 0, firstDevice: 0, microBatchSize: b, schedule: '1f1b' };
    const techniques = zero.set({}, sharding);
    const profile = stageProfile(p, { ...spec, techniques, dims: { ...dims, dpShard: 8 } });
    const place = { chunks: 1, ends: { embedding: null, head: null }, weightVersions: 1, accumulates: true };
    const states = stageTerms(profile)(place).filter(
      ({ part, over }) => over === 'sum' && STATES.some((one) => one === part),
    );
    const { dense, expert } = profile.layers[0]![0]!.memory.owned.parameters;
    expect(expert).toBe(0);
    expect(states.reduce((sum, { layers }) => sum + layers[0]![0]!, 0)).toBe(dense * bytes);
  });
});

describe('the walk over a step', () => {
  const GiB = 2 ** 30;
  const rows = (...segments: number[][]) => segments.map((bytes) => new Float64Array(bytes));
  const term = (
    part: string,
    at: MemoryTerm['at'],
    bytes: number,
    over: Partial<Parameters<typeof memoryTerm>[0]> = {},
  ): MemoryTerm => memoryTerm({ part, at, layers: rows([0]), fixed: [bytes], ...over });
  const activations = (bytes: number) =>
    term('activations', ['forward', 'loss', 'backward'], bytes, { times: 'in-flight' });
  const base = [
    term('weights', POINTS, 2 * GiB),
    term('gradients', POINTS, 4 * GiB),
    term('optimizer states', POINTS, 6 * GiB),
  ];
  const limits = {
    gpu: loadGpu('a100-80-sxm'),
    headroom: 0.1,
    headroomBytes: 0,
    reservedBytes: 0,
    allocator: { reservedOverAllocated: 1.1, contextBytes: GiB, bytesPerCommunicator: GiB / 2 },
    communicators: 2,
  };
  const walk = (terms: readonly MemoryTerm[], alive: number) =>
    judged(peakOf([...base, ...terms], [[[1]]], [[alive]]), limits);

  it('adds states, activations in flight and the allocator', () => {
    const result = walk([activations(GiB)], 4);
    expect(result.allocatedBytes).toBe(16 * GiB);
    expect(result.reservedBytes).toBeCloseTo(17.6 * GiB, 0);
    expect(result.deviceBytes).toBeCloseTo(19.6 * GiB, 0);
    expect(result.limitBytes).toBeCloseTo(0.9 * limits.gpu.memoryBytes, 0);
    expect(total(result.allocated)).toBe(result.allocatedBytes);
    expect(result.verdict).toBe('fits');
  });

  it('finds the point where the peak stands', () => {
    const at = (...terms: MemoryTerm[]) => walk([activations(GiB), ...terms], 2).peakAt;
    expect(at(term('logits and loss', ['loss'], 3 * GiB))).toBe('loss');
    expect(at(term('recomputed', ['backward'], 3 * GiB))).toBe('backward');
    expect(at(term('temporaries', ['optimizer-step'], 9 * GiB))).toBe('optimizer-step');
    const last = {
      ...activations(GiB),
      at: ['end-of-backward'] as const,
      times: 'in-flight-but-one' as const,
    };
    const gradient = term('temporaries', ['end-of-backward'], 3 * GiB);
    expect(walk([activations(GiB), last, gradient], 2)).toMatchObject({
      peakAt: 'end-of-backward',
      allocatedBytes: 16 * GiB,
    });
  });

  it('takes the moment of the schedule at which the chunks together weigh most', () => {
    const alive = memoryTerm({ ...activations(0), layers: rows([GiB]), fixed: [0, 2 * GiB] });
    const terms = [...base, alive];
    const peak = peakOf(
      terms,
      [[[1]], [[1]]],
      [
        [9, 1],
        [2, 4],
      ],
    );
    // 9·1 + 1·3 GiB against 2·1 + 4·3.
    expect(total(peak.allocated)).toBe((12 + 14) * GiB);
  });

  it('counts the widest of the kinds that a stage has, and the layers after the first few by their own bytes', () => {
    const widest = term('recomputed', ['backward'], 0, { over: 'widest', layers: rows([GiB, 5 * GiB]) });
    const bytes = (counts: number[][]) =>
      total(
        peakOf(
          [
            memoryTerm({ ...base[0]!, layers: rows(...counts.map(() => [0, 0])) }),
            memoryTerm({ ...widest, layers: rows(...counts.map(() => [GiB, 5 * GiB])) }),
          ],
          [counts],
          [[1]],
        ).allocated,
      );
    expect(bytes([[3, 0]])).toBe(3 * GiB);
    expect(bytes([[3, 1]])).toBe(7 * GiB);
    const saved = memoryTerm({ ...activations(0), layers: rows([GiB], [3 * GiB]) });
    expect(total(peakOf([saved], [[[2], [5]]], [[2]]).allocated)).toBe(2 * (2 + 15) * GiB);
  });

  it('judges against the limit', () => {
    const room = walk([], 1).limitBytes;
    const sized = (bytes: number) => walk([activations(bytes)], 1).verdict;
    expect(sized(room)).toBe('does-not-fit');
    expect(sized((0.97 * room - 2 * GiB) / 1.1 - 12 * GiB)).toBe('tight');
    expect(sized((0.9 * room - 2 * GiB) / 1.1 - 12 * GiB)).toBe('fits');
  });

  it('may allocate just as much as then fits', () => {
    const free = [
      { headroom: 0 },
      { headroom: 0.05 },
      { headroom: 0.3 },
      { headroom: 0, headroomBytes: GiB },
    ];
    for (const some of free.flatMap((one) => [one, { ...one, reservedBytes: 20 * GiB }])) {
      const within = { ...limits, ...some };
      const verdict = (bytes: number) =>
        judged(peakOf([term('weights', POINTS, bytes)], [[[1]]], [[1]]), within).verdict;
      expect(verdict(allocatable(within) * (1 - 1e-9))).not.toBe('does-not-fit');
      expect(verdict(allocatable(within) * (1 + 1e-9))).toBe('does-not-fit');
    }
  });
});

describe('recomputing some of the layers', () => {
  const recomputing = (layers: number | null) => {
    const p = problem('llama-3.1-8b', 'dgx-h100-8', { globalBatchSize: 8 }, 'nanotron');
    const some = layers === null ? 'none' : `full,recompute-layers=${layers}`;
    const configured = planOf(p, parseConfiguration(`tp=8,dp=1,recompute=${some}`));
    if ('rule' in configured) throw new Error(configured.actual);
    return estimate(p, configured.plan).stages[0]!.memory.allocated.activations!;
  };

  it('leaves the others as they are without recomputation', () => {
    const [none, all] = [recomputing(null), recomputing(32)];
    const each = (none - all) / 32;
    for (const n of [1, 7, 31]) expect(recomputing(n)).toBeCloseTo(none - n * each, -4);
  });
});

describe('recomputing operator by operator', () => {
  const parts = (recompute: string) => {
    const p = problem('llama-3.1-8b', 'dgx-h100-8', { globalBatchSize: 8 }, 'torch-fsdp2');
    const configured = planOf(p, parseConfiguration(`tp=1,dp=8,zero=3,recompute=${recompute}`));
    if ('rule' in configured) throw new Error(configured.actual);
    const { stages, time } = estimate(p, configured.plan);
    return { activations: stages[0]!.memory.allocated.activations!, again: time.recomputation ?? 0 };
  };

  it('runs every second product again, and brings back less than all layers do', () => {
    const [none, some, full] = [parts('none'), parts('op'), parts('full')];
    expect(none.again).toBe(0);
    // k, output, and one of gate and up, of the seven products, are 79.7 of 218 M parameters; attention is not run again.
    expect(some.again / full.again).toBeGreaterThan(0.3);
    expect(some.again / full.again).toBeLessThan(0.6);
    expect(some.activations).toBeLessThan(none.activations);
    expect(full.activations).toBeLessThan(some.activations);
  });

  it('of a share of the layers is that of so many', () => {
    expect(parts('full:25%')).toEqual(parts('full:8'));
    expect(parts('full:99%')).toEqual(parts('full'));
  });
});

describe('schedules that keep all micro-batches', () => {
  it('keep the activations and logits of each', () => {
    const p = problem('llama-3.1-8b', 'dgx-h100-8', { globalBatchSize: 96 });
    const memory = (schedule: string) => {
      const configured = planOf(p, parseConfiguration(`tp=2,pp=4,dp=1,schedule=${schedule}`));
      if ('rule' in configured) throw new Error(configured.actual);
      return estimate(p, configured.plan).stages.map((stage) => stage.memory);
    };
    const [gpipe, one] = [memory('gpipe'), memory('1f1b')];
    for (const [stage, alive] of [4, 3, 2, 1].entries())
      expect(gpipe[stage]!.allocated.activations! / one[stage]!.allocated.activations!).toBeCloseTo(
        96 / alive,
        9,
      );
    expect(gpipe[3]!.allocated['logits and loss']!).toBeGreaterThan(
      95 * (one[3]!.allocated['logits and loss']! / 2),
    );
  });
});
