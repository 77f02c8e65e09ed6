import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCluster } from '../../../src/catalogue/clusters.ts';
import { loadGpu } from '../../../src/catalogue/gpus.ts';
import { loadLink } from '../../../src/catalogue/links.ts';
import { attentionForward, backwardRatio } from '../../../src/hardware/attention.ts';
import { coefficients } from '../../../src/hardware/coefficients.ts';
import { collectiveSeconds, pointToPointSeconds } from '../../../src/hardware/collective.ts';
import { endlessRate, gemmSeconds } from '../../../src/hardware/gemm.ts';
import { networkRate } from '../../../src/hardware/network-share.ts';
import { sustained } from '../../../src/hardware/power.ts';
import { processGroups } from '../../../src/hardware/process-groups.ts';
import { pairSpan, spanOf } from '../../../src/hardware/span.ts';

const c = coefficients();
const h100 = loadCluster('dgx-h100-64').value;

describe('GEMM', () => {
  it('follows the roofline with a knee, by hand for the H100', () => {
    const gpu = loadGpu('h100-sxm');
    const [m, n, k] = [4096, 8192, 4096];
    const ideal = (2 * m * n * (k + 93.16)) / (989.4e12 * 0.7981);
    const compute = ideal * (1 + (0.1161 * ideal) / (ideal + 5.962e-3));
    const memory = (2 * (m * k + k * n) + 2 * m * n) / (3350e9 * 0.7875);
    const burst = (compute ** 4 + memory ** 4) ** 0.25;
    expect(gemmSeconds(gpu, 'bf16', { m, n, k }, c)).toBeCloseTo(3.365e-6 + burst * gpu.sustainedSlowdown, 9);
  });

  it('is faster in fp8 where there is fp8, and the same where there is not', () => {
    const shape = { m: 16384, n: 16384, k: 16384 };
    expect(gemmSeconds(loadGpu('h100-sxm'), 'fp8', shape, c)).toBeLessThan(
      gemmSeconds(loadGpu('h100-sxm'), 'bf16', shape, c),
    );
    expect(gemmSeconds(loadGpu('a100-80-sxm'), 'fp8', shape, c)).toBe(
      gemmSeconds(loadGpu('a100-80-sxm'), 'bf16', shape, c),
    );
  });

  it('groups equal ones: no slower than one by one, no faster than one over all their rows', () => {
    const gpu = loadGpu('h100-sxm');
    const [n, k, count] = [4096, 2048, 8];
    for (const m of [64, 512]) {
      const grouped = gemmSeconds(gpu, 'bf16', { m, n, k, count }, c);
      expect(grouped).toBeLessThan(count * gemmSeconds(gpu, 'bf16', { m, n, k }, c));
      expect(grouped).toBeGreaterThan(gemmSeconds(gpu, 'bf16', { m: m * count, n, k }, c));
    }
  });

  it('quantises a tensor once', () => {
    const shape = { m: 8192, n: 8192, k: 8192 };
    const gpu = loadGpu('h100-sxm');
    const seconds = (precision: 'bf16' | 'fp8', quantised: boolean) =>
      gemmSeconds(gpu, precision, { ...shape, quantised }, c);
    expect(seconds('fp8', true)).toBeLessThan(seconds('fp8', false));
    expect(seconds('bf16', true)).toBe(seconds('bf16', false));
  });

  it('slows under a power cap, never above stock', () => {
    const gpu = loadGpu('h100-sxm');
    expect(sustained(gpu, 500, c) / sustained(gpu, null, c)).toBeCloseTo(1.4 ** 0.67, 9);
    expect(sustained(gpu, 900, c)).toBe(gpu.sustainedSlowdown);
  });
});

describe('precisions', () => {
  it('runs fp32 at the rate that units without tensor cores reach, at burst clocks', () => {
    const gpu = loadGpu('v100-sxm2-16');
    const shape = { m: 32768, n: 8192, k: 8192 };
    const rate = (2 * shape.m * shape.n * shape.k) / gemmSeconds(gpu, 'fp32', shape, c);
    expect(rate / 15.7e12).toBeGreaterThan(0.93);
    expect(rate / 15.7e12).toBeLessThan(1);
  });

  it('has Ampere cards with twice the fp32 units reach a smaller share of their peak', () => {
    const shape = { m: 8192, n: 8192, k: 8192 };
    const share = (id: string) => {
      const gpu = loadGpu(id);
      return (2 * 8192 ** 3) / gemmSeconds(gpu, 'fp32', shape, c) / gpu.peakFlops.fp32!;
    };
    expect(share('rtx-a6000')).toBeLessThan(0.7 * share('a100-80-sxm'));
    expect(share('l4')).toBeLessThan(share('rtx-a6000'));
  });

  it.each(['h100-sxm', 't4', 'p40', 'mi300x', 'l40s', 'b200'])('bounds every GEMM of %s', (id) => {
    const gpu = loadGpu(id);
    for (const dtype of ['fp32', 'fp16', 'fp8'] as const)
      for (const size of [256, 2048, 65536]) {
        const flops = 2 * size ** 3;
        const seconds = gemmSeconds(gpu, dtype, { m: size, n: size, k: size }, c);
        expect(seconds).toBeGreaterThanOrEqual((flops / endlessRate(gpu, dtype, c)) * (1 - 1e-9));
      }
  });
});

describe('spans', () => {
  it('know how many members share a node', () => {
    expect(spanOf(h100, 0, 1, 8)).toMatchObject({ size: 8, perDomain: 8, domains: 1 });
    expect(spanOf(h100, 0, 1, 16)).toMatchObject({ perDomain: 8, domains: 2 });
    expect(spanOf(h100, 0, 8, 8)).toMatchObject({ perDomain: 1, domains: 8 });
    expect(spanOf(h100, 0, 4, 16)).toMatchObject({ perDomain: 2, domains: 8 });
  });

  it('take the slowest network of the groups they touch', () => {
    const mixed = loadCluster('mixed-32xh100-32xa100-40gb').value;
    expect(networkRate(spanOf(mixed, 0, 8, 8).share, 1)).toBe(25e9 * 0.96);
    expect(networkRate(spanOf(mixed, 0, 8, 4).share, 1)).toBe(50e9 * 0.95);
  });

  it('see the WAN between two sites', () => {
    const regions = loadCluster('two-regions').value;
    expect(spanOf(regions, 0, 32, 2).domains).toBe(2);
    expect(spanOf(regions, 0, 32, 2).extraLatency).toBeCloseTo(18e-3, 9);
    expect(spanOf(regions, 0, 8, 4).extraLatency).toBe(0);
  });
});

describe('collectives', () => {
  it('are what was measured on the cluster, where it was', () => {
    const yaml = readFileSync('configs/clusters/dgx-h100-8.yaml', 'utf8');
    const path = join(mkdtempSync(join(tmpdir(), 'measured-')), 'ours.yaml');
    const curve = '{ collective: allReduce, gpus: 8, lines: [{ latency: 40 us, bandwidth: 100 GB/s }] }';
    writeFileSync(
      path,
      yaml.replace(/( +)intraNode:.*\n/, (line, indent) => `${line}${indent}collectives: [${curve}]\n`),
    );
    const ours = loadCluster(path).value;
    const bytes = 2 ** 30;
    const measured = 40e-6 + bytes / 100e9;
    expect(collectiveSeconds(spanOf(ours, 0, 1, 8), 'allReduce', bytes, c)).toBeCloseTo(measured, 9);
    const stock = loadCluster('dgx-h100-8').value;
    for (const [collective, n] of [
      ['allReduce', 4],
      ['allGather', 8],
    ] as const)
      expect(collectiveSeconds(spanOf(ours, 0, 1, n), collective, bytes, c)).toBe(
        collectiveSeconds(spanOf(stock, 0, 1, n), collective, bytes, c),
      );
  });

  it('follow the measured lines inside a node', () => {
    const bytes = 2 ** 29;
    const wire = bytes / c.intraNodeDerating;
    const expected = Math.min(16.77e-6 + wire / 124.6e9, 60.85e-6 + wire / 258.3e9);
    expect(collectiveSeconds(spanOf(h100, 0, 1, 8), 'allReduce', bytes, c)).toBeCloseTo(expected, 9);
  });

  it('use all network cards of a node for a group that fills it', () => {
    const bytes = 2 ** 32;
    const one = collectiveSeconds(spanOf(h100, 0, 8, 8), 'allGather', bytes, c);
    const eight = collectiveSeconds(spanOf(h100, 0, 1, 64), 'allGather', bytes, c);
    expect(one / eight).toBeGreaterThan(4);
  });

  it('cost nothing alone and more with more bytes', () => {
    expect(collectiveSeconds(spanOf(h100, 0, 1, 1), 'allReduce', 1e9, c)).toBe(0);
    const span = spanOf(h100, 0, 1, 16);
    for (const collective of ['allReduce', 'allGather', 'reduceScatter', 'allToAll'] as const) {
      expect(collectiveSeconds(span, collective, 2e9, c)).toBeGreaterThan(
        collectiveSeconds(span, collective, 1e9, c),
      );
    }
  });

  it('give a pair of a mesh its seventh only', () => {
    const mi300x = loadCluster('mi300x-64').value;
    const bytes = 2 ** 30;
    const two = collectiveSeconds(spanOf(mi300x, 0, 1, 2), 'allReduce', bytes, c);
    expect(bytes / two).toBeGreaterThan(35e9);
    expect(bytes / two).toBeLessThan(50e9);
  });

  it('get slower with more GPUs where all flows share host memory', () => {
    const { groups, ...rest } = loadCluster('4090-32').value;
    const hosts = (n: number) => ({
      ...rest,
      groups: [{ ...groups[0]!, gpusPerNode: n, fastDomainGpus: n }],
    });
    const bus = (n: number) =>
      ((2 * (n - 1)) / n) * (2 ** 28 / collectiveSeconds(spanOf(hosts(n), 0, 1, n), 'allReduce', 2 ** 28, c));
    expect(bus(8)).toBeLessThan(bus(4));
    expect(bus(4)).toBeLessThan(bus(2));
  });

  it('pay latency and wire for a transfer between stages', () => {
    const span = spanOf(h100, 0, 8, 2);
    const wire = 50e6 / (50e9 * 0.95 * c.networkDerating);
    expect(pointToPointSeconds(span, 50e6, c)).toBeCloseTo(c.pointToPointLatency + 20e-6 + wire, 9);
  });
});

describe('a bus that is staged through host memory', () => {
  const link = loadLink('pcie4-x16-nop2p');
  const box = {
    ...h100,
    groups: [{ ...h100.groups[0]!, nodes: 1, gpu: loadGpu('rtx-4090'), intraNode: link }],
  };
  const bytes = 64e6;
  const reach = 31.5e9 * 0.35;

  it('is shared by all groups of the host that talk at once, by hand for pairs of eight GPUs', () => {
    // Each of 8 GPUs has 2/8 of what each of two has alone; half the buffer crosses twice.
    const seconds = 14e-6 * 2 + bytes / ((reach * 2) / 8) / c.intraNodeDerating;
    expect(collectiveSeconds(spanOf(box, 0, 1, 2), 'allReduce', bytes, c)).toBeCloseTo(seconds, 9);
  });

  it('is shared by the stage that reduces, not by the others', () => {
    const degrees = { tp: 1, cp: 1, dpReplicate: 1, dpShard: 2, ep: 1, etp: 1 };
    const { gradient } = processGroups(box, [{ firstDevice: 0, tp: 1, count: 2 }], 0, degrees);
    const seconds = 14e-6 * 2 + bytes / reach / c.intraNodeDerating;
    expect(collectiveSeconds(gradient, 'allReduce', bytes, c)).toBeCloseTo(seconds, 9);
  });

  it('gives transfers between stages their part', () => {
    const alone = pointToPointSeconds(pairSpan(box, 0, 4, { senders: 1 }), bytes, c);
    const four = pointToPointSeconds(pairSpan(box, 0, 4, { senders: 4 }), bytes, c);
    const wire = (seconds: number) => seconds - c.pointToPointLatency - link.latency;
    expect(wire(alone)).toBeCloseTo(bytes / reach, 9);
    expect(wire(four) / wire(alone)).toBeCloseTo(2, 6);
  });
});

describe('sockets', () => {
  it('fill the buffers on the way first: half the rate at 1 MB, nearly all of it at 500', () => {
    const share = { nominal: 2.4e9, reached: Number.POSITIVE_INFINITY, large: null, fill: 1e6 };
    expect(networkRate(share, 1, 1e6)).toBeCloseTo(1.2e9, 0);
    expect(networkRate(share, 1, 1e4)).toBeCloseTo(1.2e9, 0);
    expect(networkRate(share, 1, 500e6) / 2.4e9).toBeGreaterThan(0.99);
    expect(networkRate(share, 1)).toBe(2.4e9);
  });

  it('cost a ring its steps and what each node sends, by hand for two nodes of one GPU on 10 GbE', () => {
    const tcp = loadLink('eth-10');
    const group = h100.groups[0]!;
    const nic = { ...group.nic, link: tcp, sockets: tcp, perNode: 1 };
    const pcie = loadLink('pcie4-x16-nop2p');
    const alone = { nodes: 2, gpusPerNode: 1, fastDomainGpus: 1 };
    const pair = { ...h100, groups: [{ ...group, ...alone, nic, intraNode: pcie }] };
    const bytes = 8e6;
    const expected = 80e-6 + 150e-6 + (bytes + 1e6) / (1.25e9 * 0.88 * c.networkDerating);
    expect(collectiveSeconds(spanOf(pair, 0, 1, 2), 'allReduce', bytes, c)).toBeCloseTo(expected, 7);
  });
});

describe('an all-reduce of two nodes whose switches reduce', () => {
  it('is no faster than the buffer through the cards of a node', () => {
    const bytes = 2 ** 30;
    for (const members of [1, 2, 4, 8]) {
      const span = spanOf(h100, 0, 8 / members, 2 * members);
      const wire = bytes / (members * networkRate(span.share, c.networkDerating));
      expect(collectiveSeconds(span, 'allReduce', bytes, c)).toBeGreaterThanOrEqual(wire);
    }
  });
});

describe('attention in fp32', () => {
  const shape = {
    ...{ batch: 1, heads: 32, kvHeads: 32, sequence: 512, contextParallel: 1 },
    ...{ qkHeadDim: 128, vHeadDim: 128, window: null, sinks: false },
  };
  const a100 = loadGpu('a100-80-sxm');
  const slower = 16;
  const seconds = (sequence: number, format?: { slower: number; wider: number }) =>
    attentionForward(a100, 'flash2', { ...shape, sequence }, c, format);

  it('multiplies as much slower as its peak is, where products are all there is', () => {
    expect(seconds(65536, { slower, wider: 2 }) / seconds(65536)).toBeCloseTo(slower, 0);
  });

  it('starts no slower', () => {
    expect(seconds(512, { slower, wider: 2 })).toBeLessThan(0.8 * slower * seconds(512));
  });
});

describe('generations of fused attention', () => {
  const shape = {
    ...{ batch: 1, heads: 32, kvHeads: 32, sequence: 8192, contextParallel: 1 },
    ...{ qkHeadDim: 128, vHeadDim: 128, window: null, sinks: false },
  };

  it('trains with the second at 50 to 73 % of the peak of A100, and with the first about half as fast', () => {
    const a100 = loadGpu('a100-80-sxm');
    const second = attentionForward(a100, 'flash2', shape, c);
    expect((2 * 32 * 8192 ** 2 * 128) / second / 312e12).toBeGreaterThan(0.45);
    expect((2 * 32 * 8192 ** 2 * 128) / second / 312e12).toBeLessThan(0.73);
    expect(attentionForward(a100, 'flash1', shape, c) / second).toBeCloseTo(c.flash1, 9);
    // There is no third on it.
    expect(attentionForward(a100, 'flash3', shape, c)).toBe(second);
  });

  it('has constants of their own where the third is, and where only the second is', () => {
    const more = (gpu: string, of: Partial<typeof c>) =>
      attentionForward(loadGpu(gpu), 'flash3', shape, { ...c, ...of }) >
      attentionForward(loadGpu(gpu), 'flash3', shape, c);
    expect(more('h100-sxm', { attentionTraining: 1.5 })).toBe(true);
    expect(more('h100-sxm', { attentionTrainingFlash2: 1.5 })).toBe(false);
    expect(more('rtx-4090', { attentionTrainingFlash2: 1.5 })).toBe(true);
    expect(more('rtx-4090', { attentionTraining: 1.5 })).toBe(false);
  });
});

describe('attention on AMD', () => {
  const shape = {
    ...{ batch: 1, heads: 32, kvHeads: 32, sequence: 8192, contextParallel: 1 },
    ...{ qkHeadDim: 128, vHeadDim: 128, window: null, sinks: false },
  };

  it('takes the rate of its training kernels, within 4 % of 1.19 ms for 32 heads of 8,192 tokens', () => {
    const seconds = attentionForward(loadGpu('mi300x'), 'flash2', { ...shape, kvHeads: 8 }, c);
    expect(Math.abs(seconds / 1.19e-3 - 1)).toBeLessThan(0.04);
  });

  it('has a slower backward where queries are wider than values', () => {
    const mi300x = loadGpu('mi300x');
    expect(backwardRatio(mi300x, shape, c)).toBe(3.3);
    expect(backwardRatio(mi300x, { ...shape, qkHeadDim: 192 }, c)).toBe(10.8);
    expect(backwardRatio(loadGpu('h100-sxm'), { ...shape, qkHeadDim: 192 }, c)).toBe(c.attentionBackward);
  });
});
