import { describe, expect, it } from 'vitest';
import { listClusters, loadCluster } from '../../src/catalogue/clusters.ts';
import { listGpus, loadGpu } from '../../src/catalogue/gpus.ts';
import { listLinks, loadLink } from '../../src/catalogue/links.ts';
import { listStacks, loadStack } from '../../src/catalogue/stacks.ts';
import { attentionForward } from '../../src/hardware/attention.ts';
import { coefficients } from '../../src/hardware/coefficients.ts';
import { gemmSeconds } from '../../src/hardware/gemm.ts';

const c = coefficients();

describe('every GPU', () => {
  it.each(listGpus())('%s is slower than its peak and faster than a hundredth of it', (id) => {
    const gpu = loadGpu(id);
    const peak = gpu.peakFlops.bf16 ?? gpu.peakFlops.fp16!;
    const dtype = gpu.peakFlops.bf16 === undefined ? 'fp16' : 'bf16';
    const rate = (2 * 8192 ** 3) / gemmSeconds(gpu, dtype, { m: 8192, n: 8192, k: 8192 }, c);
    expect(rate).toBeLessThan(peak);
    expect(rate).toBeGreaterThan(0.2 * peak);
    const shape = {
      batch: 1,
      heads: 32,
      kvHeads: 8,
      sequence: 4096,
      contextParallel: 1,
      qkHeadDim: 128,
      vHeadDim: 128,
      window: null,
      sinks: false,
    };
    const attention = (2 * 32 * 4096 ** 2 * 128) / attentionForward(gpu, 'flash3', shape, c);
    expect(attention).toBeLessThan(peak);
    expect(gpu.memoryBytes).toBeGreaterThan(2 ** 33);
    for (const provenance of Object.values(gpu.provenance))
      expect(['measured', 'fitted', 'datasheet', 'assumed']).toContain(provenance);
  });
});

describe('every link, stack and cluster', () => {
  it.each(listLinks())('link %s', (id) => {
    const link = loadLink(id);
    expect(link.bandwidth).toBeGreaterThan(0);
    if (link.topology === 'network') expect(link.latencyPerDoubling).toBeGreaterThan(0);
  });

  it.each(listStacks())('stack %s', (id) => {
    expect(loadStack(id).id).toBe(id);
  });

  it.each(listClusters())('cluster %s', (id) => {
    const { value } = loadCluster(id);
    expect(value.groups.length).toBeGreaterThan(0);
    for (const group of value.groups) expect(group.hosts).toHaveLength(group.nodes);
  });

  it('there are as many as promised', () => {
    expect(listGpus().length).toBeGreaterThanOrEqual(28);
    expect(listClusters().length).toBeGreaterThanOrEqual(14);
  });
});
