import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCluster } from '../../../src/catalogue/clusters.ts';
import { loadLink } from '../../../src/catalogue/links.ts';
import { coefficients } from '../../../src/hardware/coefficients.ts';
import { collectiveSeconds, pointToPointSeconds } from '../../../src/hardware/collective.ts';
import { networkRate } from '../../../src/hardware/network-share.ts';
import { pairSpan, spanOf } from '../../../src/hardware/span.ts';
import { comment, quoted } from '../../../src/importers/draft/comment.ts';
import type { Draft } from '../../../src/importers/draft/merge.ts';
import { renderCluster } from '../../../src/importers/draft/render.ts';
import { imported, ncclText, onHost, powers, smi } from '../../fixtures/imported.ts';
import { run } from '../../fixtures/run.ts';

const sample = (name: string) => readFileSync(`test/fixtures/discovery/${name}`, 'utf8');
const slow = (n: number) => Math.min(20e-6 + n / 100e9, 80e-6 + n / 200e9);
const pair = (gpu?: string) => ['a', 'b'].map((host) => ({ host, ...(gpu === undefined ? {} : { gpu }) }));
const sendrecv = (rate: number, gpu?: string) =>
  ncclText('sendrecv_perf', pair(gpu), (n) => 18e-6 + n / rate);

describe('collectives measured inside a host', () => {
  const all = {
    'smi.csv': smi(8),
    'r.txt': ncclText('all_reduce_perf', onHost('a', 8), slow),
    'g.txt': ncclText('all_gather_perf', onHost('a', 8), (n) => 12e-6 + n / 350e9),
    's.txt': ncclText('reduce_scatter_perf', onHost('a', 4), (n) => 12e-6 + n / 360e9),
    't.txt': ncclText('alltoall_perf', onHost('a', 2), (n) => 12e-6 + n / 300e9),
  };

  it('are what the cost model uses', () => {
    const { cluster, yaml } = imported(all);
    const [group] = cluster.groups;
    const of = (collective: string, gpus: number) =>
      group!.intraNode.collectives.filter((one) => one.collective === collective && one.gpus === gpus);
    for (const [collective, gpus, rates] of [
      ['allReduce', 8, [100, 200]],
      ['allGather', 8, [350]],
      ['reduceScatter', 4, [360]],
      ['allToAll', 2, [300]],
    ] as const) {
      const [curve, ...more] = of(collective, gpus);
      expect(more).toEqual([]);
      expect(curve!.lines.map(({ bandwidth }) => Math.round(bandwidth / 1e9))).toEqual(rates);
    }
    const c = coefficients();
    expect(collectiveSeconds(spanOf(cluster, 0, 1, 8), 'allReduce', 2 ** 28, c)).toBeCloseTo(
      slow(2 ** 28),
      5,
    );
    expect(yaml).toMatch(
      /# all_reduce on 8 ranks of 1 host: the least of 20\.0 us \+ bytes \/ 100\.0 GB\/s and 80\.0 us \+ bytes \/ 200\.0 GB\/s algbw \(busbw 350\.0 GB\/s\) \(r\.txt:\d+\)\n {6}- \{ collective: allReduce, gpus: 8/,
    );
  });

  it('that are far from the link named are written and noted', () => {
    const of = (rate: number) =>
      imported({
        'smi.csv': smi(8),
        'r.txt': ncclText('all_reduce_perf', onHost('a', 8), (n) => 60e-6 + n / rate),
      });
    const own = loadLink('nvlink4').collectives.find(
      (one) => one.collective === 'allReduce' && one.gpus === 8,
    )!;
    const rate = own.lines.at(-1)!.bandwidth;
    for (const [share, noted] of [
      [0.4, true],
      [0.6, false],
      [1.1, false],
      [1.3, true],
    ] as const) {
      const { draft } = of(share * rate);
      expect(draft.groups[0]!.collectives).toHaveLength(1);
      expect(/of the speed of nvlink4/.test(draft.notes.join())).toBe(noted);
    }
  });

  it('of several hosts, of small sizes, of too many GPUs or measured before are not written', () => {
    const reduce = (ranks: { host: string }[], sizes?: number[]) =>
      ncclText('all_reduce_perf', ranks, slow, sizes);
    for (const [text, note] of [
      [reduce([...onHost('a', 4), ...onHost('b', 4)]), /on 8 ranks of 2 hosts \(r.txt:\d+\) is not used/],
      [reduce(onHost('a', 8), powers(8, 18)), /its largest size is 262144 B/],
      [reduce(onHost('a', 16)), /it ran on 16 GPUs of a host, and hosts of the group have 8/],
      [ncclText('broadcast_perf', onHost('a', 8), slow), null],
    ] as const) {
      const { draft } = imported({ 'smi.csv': smi(8), 'r.txt': text });
      expect(draft.groups[0]!.collectives).toEqual([]);
      if (note === null) expect(draft.notes).toEqual([]);
      else expect(draft.notes.join()).toMatch(note);
      expect(draft.measured).toHaveLength(1);
    }
    const { draft } = imported({
      'smi.csv': smi(8),
      'r.txt': reduce(onHost('a', 8)),
      'again.txt': reduce(onHost('b', 8)),
    });
    expect(draft.groups[0]!.collectives).toHaveLength(1);
    expect(draft.notes.join()).toMatch(/again.txt:\d+\) is not used: it was measured before/);
  });

  it('belong to the group of their GPU', () => {
    const groups = 'h[1-2]|gpu:h100:8|ib400|1|96|idle\nl[1-2]|gpu:l40s:8|eth25|1|96|idle\n';
    const on = (gpu: string) =>
      ncclText(
        'all_reduce_perf',
        onHost('x', 8).map((rank) => ({ ...rank, gpu })),
        slow,
      );
    const of = (gpu: string) => imported({ 'sinfo.txt': groups, 'r.txt': on(gpu) }).draft;
    const counts = (draft: Draft) =>
      draft.groups.map(({ gpu, collectives }) => [gpu.split('-')[0], collectives.length]);
    expect(counts(of('NVIDIA L40S'))).toEqual([
      ['h100', 0],
      ['l40s', 1],
    ]);
    expect(counts(of('NVIDIA A10'))).toEqual([
      ['h100', 0],
      ['l40s', 0],
    ]);
    expect(of('NVIDIA A10').notes.join()).toMatch(/is not used: it ran on NVIDIA A10, which no group has/);
  });
});

describe('a measured port', () => {
  it('is written and taken as measured', () => {
    const { cluster, yaml } = imported({ 'smi.csv': smi(8), 's.txt': sendrecv(46e9) });
    expect(cluster.groups[0]!.nic.measured! / 1e9).toBeCloseTo(46, 1);
    expect(networkRate(spanOf(cluster, 0, 1, 2).share, 0.5) / 1e9).toBeCloseTo(46, 1);
    expect(cluster.groups[0]!.nic.link.bandwidth).toBe(50e9);
    expect(yaml).toMatch(/measured: 45\.96 GB\/s # sendrecv, s\.txt:\d+/);
    // The link keeps its own origin.
    expect(yaml).toMatch(/link: ib-ndr400 # assumed/);
  });

  it('above 1.1 of the wire, of few bytes or of other GPUs is none', () => {
    for (const [text, note] of [
      [sendrecv(56e9), /55\.9\d GB\/s is above the 50.00 GB\/s of a port of ib-ndr400/],
      [ncclText('sendrecv_perf', pair(), (n) => n / 10e9, powers(8, 18)), /its largest size is 262144 B/],
      [sendrecv(46e9, 'NVIDIA L40S'), /it ran on NVIDIA L40S, which no group has/],
    ] as const) {
      const { draft } = imported({ 'smi.csv': smi(8), 's.txt': text });
      expect(draft.groups[0]!.nic.rate).toBeNull();
      expect(draft.notes.join()).toMatch(note);
    }
    expect(imported({ 'smi.csv': smi(8), 's.txt': sendrecv(54e9) }).draft.groups[0]!.nic.rate).not.toBeNull();
    const told = { 'sinfo.txt': 'a,b|gpu:h100:8|ib400|1|96|idle\n', 's.txt': sendrecv(20e9) };
    expect(imported(told).draft.notes.join()).toMatch(/less than half/);
  });

  it('is never above the wire, nor above the largest size measured', () => {
    const rate = (wire: number) =>
      imported({ 'smi.csv': smi(8), 's.txt': sendrecv(wire) }).cluster.groups[0]!.nic.measured!;
    expect(rate(54e9)).toBe(50e9);
    expect(rate(46e9)).toBeLessThanOrEqual(2 ** 30 / (18e-6 + 2 ** 30 / 46e9));
  });

  it('tells an assumed network: the slowest port that carries it', () => {
    const { cluster, draft } = imported({ 'smi.csv': smi(8), 's.txt': sendrecv(24e9) });
    expect(cluster.groups[0]!.nic.link.id).toBe('ib-hdr200');
    expect(draft.unknown.join()).toMatch(
      /ib-hdr200 assumed, the slowest that carries what sendrecv, s.txt:\d+ reached/,
    );
    expect(cluster.assumptions.join()).toContain('ib-hdr200 assumed');
    expect(cluster.groups[0]!.provenance).toBe('assumed');
  });

  it('of hosts of one group is not that of another with the same GPU', () => {
    const groups =
      'a|gpu:h100:8|ib400|1|96|idle\nb|gpu:h100:8|ib400|1|96|idle\nc|gpu:h100:8|eth100|1|96|idle\n';
    const rates = (hosts: readonly string[]) => {
      const text = ncclText(
        'sendrecv_perf',
        hosts.map((host) => ({ host })),
        (n) => 18e-6 + n / 46e9,
      );
      const { draft } = imported({ 'sinfo.txt': groups, 's.txt': text });
      return [
        ...draft.groups.map(({ nic }) => nic.rate !== null),
        draft.notes.join().includes('unlike groups'),
      ];
    };
    expect(rates(['a', 'b'])).toEqual([true, false, false]);
    expect(rates(['a', 'c'])).toEqual([false, false, true]);
  });
});

describe('a network where one flow does not fill a node', () => {
  // A cloud of 50 Gb/s a node: a pair of GPUs reaches 1.1 GB/s at 1 MB and 2.4 at 500 MB.
  const gpu = 'NVIDIA A100-SXM4-40GB';
  const ring = [...onHost('a', 4), ...onHost('b', 4)].map((rank) => ({ ...rank, gpu }));
  const { cluster, yaml } = imported({
    'sinfo.txt': 'a|gpu:a100:4|eth100|1|96|idle\nb|gpu:a100:4|eth100|1|96|idle\n',
    's.txt': ncclText('sendrecv_perf', pair(gpu), (n) => 493e-6 + n / 2.406e9),
    'r.txt': ncclText('all_reduce_perf', ring, (n) => 1e-3 + (n * 2 * 7) / 8 / 6.25e9),
  });
  const c = { ...coefficients(), pointToPointLatency: 0 };
  const rate = (bytes: number, senders: number) =>
    bytes / pointToPointSeconds(pairSpan(cluster, 0, 4, { senders }), bytes, c) / 1e9;

  it('is written as what a flow and what a node reach', () => {
    expect(yaml).toMatch(/perFlow: 2\.40\d GB\/s # sendrecv/);
    expect(yaml).toMatch(/latency: 49\d\.\d us # sendrecv/);
    expect(yaml).toMatch(/measured: 1\.557 GB\/s # all_reduce on 8 ranks/);
  });

  it('gives a pair what its message size allows, and less where all GPUs of a node send', () => {
    expect(rate(1e6, 1)).toBeCloseTo(1.1, 1);
    expect(rate(500e6, 1)).toBeCloseTo(2.4, 1);
    expect(rate(500e6, 2)).toBeCloseTo(2.4, 1);
    expect(rate(500e6, 4)).toBeCloseTo(6.25 / 4, 1);
  });

  it('gives a ring over all of them the node', () => {
    const bytes = 1e9;
    const seconds = collectiveSeconds(spanOf(cluster, 0, 1, 8), 'allReduce', bytes, c);
    expect((bytes * 2 * 7) / 8 / seconds / 1e9).toBeCloseTo(6.2, 0);
  });
});

describe('text', () => {
  it('prints bus bandwidth beside algorithm bandwidth', () => {
    const words = (test: string, ranks: { host: string }[]) =>
      imported({ 'smi.csv': smi(8), 'x.txt': ncclText(`${test}_perf`, ranks, (n) => 1e-5 + n / 100e9) }).draft
        .measured[0];
    for (const [test, bus] of [
      ['all_reduce', '175.0'],
      ['all_gather', '87.50'],
      ['reduce_scatter', '87.50'],
      ['alltoall', '87.50'],
      ['sendrecv', '100.0'],
    ] as const)
      expect(words(test, onHost('a', 8))).toContain(`bytes / 100.0 GB/s algbw (busbw ${bus} GB/s)`);
  });

  it('says of every figure where it is from', () => {
    const { yaml } = imported({
      'smi.csv': smi(8),
      'topo.txt': sample('nvidia_smi_topo_hgx_h100_8nic.txt'),
      'all.json': sample('nccl_tests_all_reduce_8gpu.json'),
      'sinfo.txt': sample('sinfo_NhG.txt'),
      's.txt': sendrecv(46e9),
    });
    const figures = yaml.split('\n').filter((line) => /^ +[\w-]+: [^#]/.test(line) && !/^ +- id/.test(line));
    expect(figures.length).toBeGreaterThan(20);
    expect(figures.filter((line) => !/ # \S/.test(line))).toEqual([]);
    expect(yaml).toMatch(/perNode: 8 # .*topo\.txt:\d+/);
    expect(yaml).toMatch(/nodes: 5 # sinfo\.txt:1/);
    expect(yaml).toMatch(/hosts: \["gpu01".*\] # sinfo\.txt:1/);
  });

  it('writes devices and memory where they are known', () => {
    const { draft } = imported({ 'smi.csv': smi(8) });
    const [group] = draft.groups;
    const text = renderCluster({
      ...draft,
      groups: [{ ...group!, usableMemoryMiB: 70000, nic: { ...group!.nic, devices: ['mlx5_0', 'mlx5_1'] } }],
    });
    expect(text).toMatch(/devices: \["mlx5_0", "mlx5_1"\]/);
    expect(text).toMatch(/usableMemory: 70000 MiB/);
    const path = join(mkdtempSync(join(tmpdir(), 'render-')), 'c.yaml');
    writeFileSync(path, text);
    const { groups } = loadCluster(path).value;
    expect(groups[0]!.nic.devices).toEqual(['mlx5_0', 'mlx5_1']);
    expect(groups[0]!.gpu.memoryBytes).toBe(70000 * 2 ** 20);
  });

  it('lets no name end its line', () => {
    const evil = 'x\ngroups: []\r\u0085\u2028\u2029\u0000\u001b[31m# y';
    expect(comment(evil)).toBe('x groups: [] [31m# y');
    expect(JSON.parse(quoted(evil))).toBe(evil);
    expect(quoted(evil)).not.toMatch(/[\n\r\u0085\u2028\u2029]/);
    const draft = imported({ 'smi.csv': smi(8), [`${evil}.txt`]: sendrecv(46e9) }).draft;
    const [group] = draft.groups;
    const text = renderCluster({
      ...draft,
      name: evil,
      notes: [evil],
      unknown: [evil],
      measured: [evil],
      groups: [
        {
          ...group!,
          gpuFrom: evil,
          hostsFrom: evil,
          intraNodeFrom: evil,
          nic: { ...group!.nic, from: evil, rate: { bandwidth: 1e9, latency: 1e-5, of: 'flow', from: evil } },
        },
      ],
      matrix: { bandwidth: null, perFlow: null, from: [] },
    });
    const path = join(mkdtempSync(join(tmpdir(), 'render-')), 'c.yaml');
    writeFileSync(path, text);
    const { value } = loadCluster(path);
    expect(value.name).toBe(evil);
    expect(value.groups).toHaveLength(1);
  });

  it('gives every line a latency that the catalogue takes', () => {
    const { cluster } = imported({
      'smi.csv': smi(8),
      'r.txt': ncclText('all_reduce_perf', onHost('a', 8), (n) => n / 250e9, powers(20, 30)),
    });
    const curve = cluster.groups[0]!.intraNode.collectives.find(
      ({ gpus, collective }) => gpus === 8 && collective === 'allReduce',
    );
    expect(curve!.lines[0]!.latency).toBeGreaterThan(0);
    expect(curve!.lines[0]!.latency).toBeLessThan(1e-6);
  });
});

describe('the command', () => {
  const folder = () => mkdtempSync(join(tmpdir(), 'import-'));
  const smiFile = () => {
    const path = join(folder(), 'smi.csv');
    writeFileSync(path, smi(8));
    return path;
  };

  it.each([
    ['below a file', () => join(smiFile(), 'x.yaml'), /one of them is a file/],
    ['a folder', (at: string) => at, /is a folder/],
  ])('--out %s is bad input', async (_, out, message) => {
    const { code, err } = await run(['cluster', 'import', smiFile(), '--out', out(folder())]);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });

  it('says what it cannot read: nothing there, a folder, too much', async () => {
    const large = join(folder(), 'log.txt');
    writeFileSync(large, Buffer.alloc(65 * 2 ** 20, 'x'));
    for (const [path, message] of [
      [join(folder(), 'none.txt'), /no file .*none.txt/],
      [folder(), /is no file/],
      [large, /log.txt has 65 MiB/],
    ] as const) {
      const { code, err } = await run(['cluster', 'import', path]);
      expect(code).toBe(2);
      expect(err).toMatch(message);
    }
  });

  it('prints nothing that the catalogue refuses', async () => {
    const path = join(folder(), 'machine_amounts.json');
    writeFileSync(path, JSON.stringify({ machine_amounts: { A100: { '8': 2e6 } } }));
    const { code, err, out } = await run(['cluster', 'import', path]);
    expect(code).toBe(2);
    expect(err).toMatch(/makes no cluster that loads: nodes is 2000000/);
    expect(out).toBe('');
  });
});
