import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LayerProfile, LayerProfileEntry } from '../../src/domain/layer-profile.ts';
import type { Problem } from '../../src/domain/problem.ts';
import { estimate } from '../../src/evaluate/estimate.ts';
import { frameBound } from '../../src/search/bound/frame-bound.ts';
import { search } from '../../src/search/search.ts';
import { problem } from '../fixtures/problem.ts';
import { clusterOf } from '../fixtures/random-cluster.ts';

/** One point of a profile: what it measures, split how, and how many times as long as plausible it took. */
const entry = fc.record({
  gpu: fc.constantFrom('a100-40-sxm', 'h100-sxm'),
  part: fc.constantFrom('layer', 'layer', 'head', 'loss', 'embedding'),
  tensorParallel: fc.constantFrom(1, 2, 4),
  contextParallel: fc.constantFrom(1, 1, 2),
  expertParallel: fc.constantFrom(1, 2),
  precision: fc.constantFrom(null, 'bf16', 'fp8'),
  microBatches: fc.uniqueArray(fc.constantFrom(1, 2, 4, 8), { minLength: 1, maxLength: 3 }),
  forward: fc.constantFrom(0.05, 0.5, 2, 20),
  backward: fc.constantFrom(0.05, 0.5, 2, 20),
} as const);

/** Milliseconds of one layer, or an end, of the models below for one sequence on one GPU: about. */
const PLAUSIBLE_MS = 2;

function profileOf(
  list: readonly (typeof entry extends fc.Arbitrary<infer T> ? T : never)[],
  sequenceLength: number,
): LayerProfile {
  const seconds = (factor: number, microBatch: number, tp: number) =>
    (1e-3 * PLAUSIBLE_MS * factor * (microBatch + 0.5)) / tp;
  const entries = list.map(
    ({ microBatches, forward, backward, ...one }): LayerProfileEntry => ({
      ...one,
      layerKind: null,
      expertTensorParallel: 1,
      sequenceLength,
      points: [...microBatches]
        .sort((a, b) => a - b)
        .map((microBatch) => ({
          microBatch,
          forwardSeconds: seconds(forward, microBatch, one.tensorParallel),
          backwardSeconds: seconds(backward, microBatch, one.tensorParallel),
          savedBytes: null,
        })),
    }),
  );
  return { name: 'random', entries };
}

const CLUSTERS: readonly Problem['cluster'][] = [
  clusterOf([{ type: 2, nodes: 1, gpusPerNode: 4 }]),
  clusterOf([{ type: 0, nodes: 2, gpusPerNode: 2 }]),
  clusterOf([
    { type: 0, nodes: 1, gpusPerNode: 2 },
    { type: 2, nodes: 1, gpusPerNode: 2 },
  ]),
];

describe('a search under measured layers', () => {
  it.each([
    ['llama-3.2-1b', 12],
    ['deepseek-v2-lite', 6],
  ])('finds for %s what an exhaustive one finds, whatever was measured', (model, numRuns) => {
    const given = fc.tuple(
      fc.array(entry, { minLength: 1, maxLength: 5 }),
      fc.constantFrom(...CLUSTERS),
      fc.constantFrom(1024, 4096),
    );
    fc.assert(
      fc.property(given, ([list, cluster, measuredAt]) => {
        const base = problem(model, 'dgx-h100-8', { globalBatchSize: 8, sequenceLength: 4096 }, 'nanotron');
        const roomy = cluster.groups.map((group) => ({
          ...group,
          gpu: { ...group.gpu, memoryBytes: 2 ** 39 },
        }));
        const layerProfile = profileOf(list, measuredAt);
        const p: Problem = { ...base, cluster: { ...cluster, groups: roomy }, layerProfile };
        const [best] = search(p, { top: 1 }).plans;
        const [all] = search(p, { top: 1, exhaustive: true }).plans;
        expect(best!.estimate.stepSeconds).toBeCloseTo(all!.estimate.stepSeconds, 9);
        expect(estimate(p, best!.plan).stepSeconds).toBe(best!.estimate.stepSeconds);
      }),
      { numRuns },
    );
  });

  it('counts on what the head leaves to hide: layers measured so fast that their gradients outlast them', () => {
    const quick = {
      part: 'layer',
      tensorParallel: 1,
      contextParallel: 1,
      expertParallel: 1,
      precision: null,
      microBatches: [1] as 1[],
      forward: 0.05,
      backward: 0.05,
    } as const;
    const layerProfile = profileOf([{ ...quick, gpu: 'h100-sxm' }], 4096);
    const base = problem('llama-3.2-1b', 'dgx-h100-8', { globalBatchSize: 8 }, 'nanotron');
    const p: Problem = { ...base, cluster: CLUSTERS[0]!, layerProfile };
    const [best] = search(p, { top: 1 }).plans;
    const [all] = search(p, { top: 1, exhaustive: true }).plans;
    expect(best!.estimate.stepSeconds).toBe(all!.estimate.stepSeconds);
  });

  it('finds the fast plan that bounds without the profile rule out', () => {
    const p = problem('llama-3.1-8b', 'dgx-h100-8', { globalBatchSize: 64 });
    const quick = { forwardSeconds: 2e-4, backwardSeconds: 4e-4, savedBytes: null };
    const layerProfile = profileOf([], 4096);
    const entries = [1, 2, 4, 8].flatMap((tensorParallel): LayerProfileEntry[] => [
      {
        gpu: 'h100-sxm',
        part: 'layer',
        layerKind: null,
        precision: 'bf16',
        tensorParallel,
        contextParallel: 1,
        expertParallel: 1,
        expertTensorParallel: 1,
        sequenceLength: 4096,
        points: [{ microBatch: 1, ...quick }],
      },
    ]);
    const measured = { ...p, layerProfile: { ...layerProfile, entries } };
    const [best] = search(measured, { top: 1 }).plans;
    const [all] = search(measured, { top: 1, exhaustive: true }).plans;
    expect(best!.estimate.stepSeconds).toBeCloseTo(all!.estimate.stepSeconds, 9);
    const frame = {
      runs: [{ group: 0, stages: 1, tp: 1 }],
      cp: 1,
      dp: 8,
      pp: 1,
      tp: 1,
      family: 'uniform' as const,
    };
    expect(frameBound(p, [frame])).toBeGreaterThan(all!.estimate.stepSeconds);
    expect(frameBound(measured, [frame])).toBeLessThan(all!.estimate.stepSeconds);
  });
});
