import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadLink } from '../../../src/catalogue/links.ts';
import { readFacts } from '../../../src/importers/formats/index.ts';
import { imported, ncclText, onHost, smi } from '../../fixtures/imported.ts';

const sample = (name: string) => readFileSync(`test/fixtures/discovery/${name}`, 'utf8');
const read = (text: string, file = 'f.txt') => readFacts(text, file);
const MB = 2 ** 20;

/** An mpiGraph of processes named by host; `rate` in its MB/s. */
function graph(processes: readonly string[], rate: (from: string, to: string) => number): string {
  const names = processes.map((host, i) => `${host}:${i}`);
  const rows = processes.map((from, i) =>
    [`${names[i]} to`, ...processes.map((to, j) => (i === j ? 0 : rate(from, to)).toFixed(3)), ''].join('\t'),
  );
  return ['START mpiGraph v1.5', '', ['Send', ...names, ''].join('\t'), ...rows, 'END mpiGraph', ''].join(
    '\n',
  );
}

const slurm = (hosts: string, gpus = 'gpu:h100:8', features = 'ib400') =>
  `${hosts}|${gpus}|${features}|1|96|idle\n`;

describe('mpiGraph', () => {
  it('counts MB of 1024², each direction its own', () => {
    const { matrix } = read(graph(['a', 'b'], (from) => (from === 'a' ? 44000 : 22000)));
    expect(matrix!.bandwidth[0]![1]! / 1e9).toBeCloseTo(46.137, 3);
    expect(matrix!.bandwidth[1]![0]! / 1e9).toBeCloseTo(23.069, 3);
  });

  it('adds up the processes of a host that send at a time', () => {
    const { matrix } = read(sample('mpigraph.txt'));
    expect(matrix!.hosts).toEqual(['gpu01', 'gpu02']);
    expect(matrix!.bandwidth[0]![1]).toBeCloseTo(((17482 + 17723 + 17000 + 17241) / 4) * 2 * MB, 0);
    expect(matrix!.flows).toEqual([
      [2, 2],
      [2, 2],
    ]);
  });

  it('lets hosts run unequal numbers of processes', () => {
    const { matrix } = read(graph(['a', 'a', 'a', 'b', 'c', 'c'], () => 1000));
    expect(matrix!.flows).toEqual([
      [3, 1, 2],
      [1, 1, 1],
      [2, 1, 2],
    ]);
    expect(matrix!.bandwidth[0]!.map((rate) => rate / MB)).toEqual([0, 1000, 2000]);
  });

  it('reads lines that a launcher labelled', () => {
    const text = sample('mpigraph.txt');
    expect(read(text.replaceAll(/^/gm, '[1,0]<stdout>:')).matrix).toEqual(read(text).matrix);
    expect(read(text.replaceAll(/^/gm, '0: ')).matrix).toEqual(read(text).matrix);
  });
});

describe('a matrix in a cluster file', () => {
  const one = graph(['gpu01', 'gpu02'], () => 44000);
  const node = (files: Record<string, string>) => imported(files).cluster.measured!.bandwidth[0]![1]! / 1e9;

  it('scales what one process measured to all ports of a host, and says so', () => {
    const { cluster, yaml } = imported({ 'sinfo.txt': slurm('gpu[01-02]'), 'm.txt': one });
    expect(cluster.groups[0]!.nic.perNode).toBe(8);
    expect(cluster.measured!.bandwidth[0]![1]! / 1e9).toBeCloseTo(8 * 46.137, 1);
    expect(yaml).toMatch(/# 1 process a host measured 1 of 8 ports: ×8\./);
    const each = graph(
      ['gpu01', 'gpu02'].flatMap((host) => Array(8).fill(host)),
      () => 44000,
    );
    const full = imported({ 'sinfo.txt': slurm('gpu[01-02]'), 'm.txt': each });
    expect(full.cluster.measured!.bandwidth[0]![1]).toBe(cluster.measured!.bandwidth[0]![1]);
    expect(full.yaml).not.toMatch(/ports: ×/);
  });

  it('of one process a host is that of one flow alone too; of several it is not', () => {
    const files = (hosts: readonly string[], features = 'ib400') => ({
      'sinfo.txt': slurm('gpu[01-02]', 'gpu:h100:8', features),
      'm.txt': graph(hosts, (from) => (from === 'gpu01' ? 1000 : 800)),
    });
    const alone = imported(files(['gpu01', 'gpu02'], 'eth25'));
    expect(alone.cluster.measured!.perFlow![0]![1]! / MB).toBeCloseTo(1000, 0);
    expect(alone.cluster.measured!.perFlow![1]![0]! / MB).toBeCloseTo(800, 0);
    expect(alone.draft.unknown.join('\n')).toMatch(
      /what all flows of a host reach together over TCP: m.txt:3/,
    );
    const rdma = imported(files(['gpu01', 'gpu02']));
    expect(rdma.cluster.measured!.perFlow).not.toBeNull();
    expect(rdma.draft.unknown.join('\n')).not.toMatch(/over TCP/);
    const several = imported(files(['gpu01', 'gpu01', 'gpu02', 'gpu02']));
    expect(several.cluster.measured!.perFlow).toBeNull();
  });

  it('over TCP is what one flow reaches, and a ring says what all of a host do', () => {
    const ring = ncclText(
      'all_reduce_perf',
      [...onHost('gpu01', 8), ...onHost('gpu02', 8)],
      (bytes) => 5e-5 + (bytes * 1.875) / 2.8e9,
    );
    const { cluster, yaml } = imported({
      'sinfo.txt': slurm('gpu[01-02]', 'gpu:h100:8', 'eth25'),
      'm.txt': graph(['gpu01', 'gpu02'], (from) => (from === 'gpu01' ? 1000 : 800)),
      'ring.txt': ring,
    });
    const { bandwidth, perFlow } = cluster.measured!;
    expect(bandwidth[0]![1]! / 1e9).toBeCloseTo(2.8, 1);
    expect(bandwidth[1]![0]! / bandwidth[0]![1]!).toBeCloseTo(0.8, 2);
    expect(perFlow![0]![1]! / MB).toBeCloseTo(1000, 0);
    expect(yaml).toMatch(
      /# All flows of a host reach 2\.8\d* GB\/s \(all_reduce on 16 ranks, ring.txt:\d+\): ×2\.\d+\./,
    );
  });

  it('holds the measured rates', () => {
    const { cluster, yaml } = imported({
      'sinfo.txt': slurm('gpu[01-02]', 'gpu:l40s:2'),
      'm.txt': graph(['gpu01', 'gpu02'], () => 40000),
    });
    expect(cluster.measured!.bandwidth[0]![1]! / 1e9).toBeCloseTo((40000 * MB) / 1e9, 1);
    expect(yaml).toMatch(
      /in the order of the hosts above: 41\.94 GB\/s to 41\.94 GB\/s measured \(m\.txt:3\)/,
    );
  });

  it('sees a flow over several ports', () => {
    const striped = graph(['gpu01', 'gpu02'], () => 88000);
    const { yaml, cluster } = imported({ 'sinfo.txt': slurm('gpu[01-02]'), 'm.txt': striped });
    expect(yaml).toMatch(/1 process a host measured 2 of 8 ports: ×4\./);
    expect(cluster.measured!.bandwidth[0]![1]! / 1e9).toBeCloseTo(8 * 46.137, 1);
  });

  it('is not used where it is above what the ports of a host carry', () => {
    const { cluster, draft } = imported({
      'sinfo.txt': slurm('gpu[01-02]', 'gpu:l40s:2', 'eth25'),
      'm.txt': one,
    });
    expect(cluster.measured).toBeUndefined();
    expect(draft.notes.join('\n')).toMatch(
      /matrix of m.txt:3 is not used: 46.14 GB\/s is above the 3.125 GB\/s of 1 port of a host/,
    );
  });

  it('is found by short names, in the order of the groups', () => {
    const files = {
      'sinfo.txt': slurm('gpu02') + slurm('gpu01.cluster.local'),
      'm.txt': graph(['GPU01', 'gpu02.cluster.local'], (from) => (from === 'GPU01' ? 20000 : 40000)),
    };
    const { cluster } = imported(files);
    const [first, second] = [cluster.measured!.bandwidth[0]![1]!, cluster.measured!.bandwidth[1]![0]!];
    expect(cluster.groups[0]!.hosts).toEqual(['gpu02', 'gpu01.cluster.local']);
    expect(first / second).toBeCloseTo(2, 2);
  });

  it('of some of the hosts, or of others, is a comment and something unknown', () => {
    for (const [hosts, missing] of [
      ['gpu[01-03]', 'gpu03'],
      ['other[1-2]', 'other1, other2'],
    ] as const) {
      const { cluster, draft, yaml } = imported({ 'sinfo.txt': slurm(hosts), 'm.txt': one });
      expect(cluster.measured).toBeUndefined();
      expect(draft.unknown.join('\n')).toContain(
        `links of ${missing}: the matrix of m.txt:3 has gpu01, gpu02`,
      );
      expect(yaml).toMatch(/# {3}mpiGraph: 46\.14 GB\/s to 46\.14 GB\/s between gpu01, gpu02 \(m\.txt:3\)/);
    }
  });

  it('of more hosts leaves out those of no group', () => {
    const { cluster, draft } = imported({
      'sinfo.txt': slurm('gpu[01-02]'),
      'm.txt': graph(['gpu01', 'drained', 'gpu02'], (from, to) =>
        `${from}${to}`.includes('drained') ? 1000 : 44000,
      ),
    });
    expect(cluster.measured!.bandwidth[0]![1]! / 1e9).toBeCloseTo(8 * 46.137, 1);
    expect(draft.notes.join('\n')).toMatch(/drained of m.txt:3 are no hosts of a group: left out/);
  });

  it('names and counts hosts that no other source names', () => {
    const { cluster, draft, yaml } = imported({
      'smi.csv': smi(8),
      'm.txt': graph(['x1', 'x2', 'x3'], () => 44000),
    });
    expect(cluster.groups.map(({ nodes, hosts }) => [nodes, hosts])).toEqual([[3, ['x1', 'x2', 'x3']]]);
    expect(draft.unknown.join('\n')).not.toMatch(/one is assumed/);
    expect(yaml).toMatch(/nodes: 3 # m\.txt:3/);
  });

  it('never holds a zero for a host that stands in two groups', () => {
    const { cluster } = imported({ 'sinfo.txt': slurm('gpu[01-02]', 'gpu:h100:4,gpu:l40s:4'), 'm.txt': one });
    const rates = cluster.measured!.bandwidth.flatMap((row, i) => row.filter((_, j) => i !== j));
    expect(rates).toHaveLength(12);
    expect(Math.min(...rates)).toBeGreaterThan(1e9);
  });

  it('is one: a second is noted', () => {
    const { draft } = imported({ 'sinfo.txt': slurm('gpu[01-02]'), 'm.txt': one, 'n.txt': one });
    expect(draft.notes.join('\n')).toMatch(/the matrix of n.txt:3 is not used: m.txt:3 is another/);
    expect(node({ 'sinfo.txt': slurm('gpu[01-02]'), 'm.txt': one, 'n.txt': one })).toBeGreaterThan(300);
  });
});

describe('OSU', () => {
  const rate = loadLink('ib-ndr400').bandwidth;
  const osu = (name: string, rows: string, columns = 'Size      Bandwidth (MB/s)') =>
    `# OSU ${name} Test v7.5\n# Datatype: MPI_CHAR.\n# ${columns}\n${rows}`;
  const bandwidth = (bytesPerSecond: number, last = 22, more = '') =>
    Array.from({ length: last + 1 }, (_, i) => 2 ** i)
      .map((n) => `${n}   ${(n / (0.5e-6 + n / bytesPerSecond) / 1e6).toFixed(2)}${more}\n`)
      .join('');
  const files = (text: string) => ({ 'smi.csv': smi(8), 'osu.txt': text });

  it('takes the plateau of the sizes, in 10⁶ bytes', () => {
    const [curve] = read(sample('osu_bw.txt')).curves;
    // Made from 4.2 us and 24.1 GB/s; its largest size reached 23.5.
    expect(curve).toMatchObject({
      test: 'OSU MPI-CUDA Bandwidth',
      ranks: 2,
      hosts: 0,
      largest: 2 ** 22,
      unfit: null,
    });
    expect(curve!.lines[0]!.bandwidth / 1e9).toBeCloseTo(23.5, 1);
    expect(curve!.peak).toBe(curve!.lines[0]!.bandwidth);
  });

  it('gives the port of the network, two hosts being assumed, and no latency', () => {
    const { cluster, draft, yaml } = imported(files(osu('MPI-CUDA Bandwidth', bandwidth(46e9))));
    expect(cluster.groups[0]!.nic.measured! / 1e9).toBeCloseTo(45.75, 2);
    expect(draft.unknown.join('\n')).toMatch(
      /where the ranks of OSU MPI-CUDA Bandwidth \(osu.txt:1\) ran: two hosts assumed/,
    );
    expect(yaml).toMatch(/OSU MPI-CUDA Bandwidth on 2 ranks, hosts not said: 45\.75 GB\/s \(osu.txt:1\)/);
    expect(yaml).not.toMatch(/ us/);
  });

  it.each([
    'MPI Bi-Directional Bandwidth',
    'MPI-CUDA Multiple Bandwidth / Message Rate',
    'MPI_Put Bandwidth',
    'NCCL Allreduce Latency',
  ])('tells %s and uses it for nothing', (name) => {
    const unit = /Latency/.test(name) ? 'Avg Latency(us)' : 'Bandwidth (MB/s)';
    const { draft, yaml } = imported(files(osu(name, bandwidth(30e9), `Size   ${unit}`)));
    expect(draft.groups[0]!.nic.rate).toBeNull();
    expect(yaml).toContain(`#   OSU ${name}: `);
    expect(draft.measured.join()).toMatch(
      /Bi-/.test(name) ? /, both directions together \(osu.txt:1\)/ : /B \(osu.txt:1\)/,
    );
  });

  it('tells latencies as measured', () => {
    expect(read(sample('osu_latency.txt')).curves).toEqual([]);
    expect(read(sample('osu_latency.txt')).measured).toEqual([
      'OSU MPI-CUDA Latency: 3.9 us at 1 B, 177.94 us at 4194304 B (f.txt:1)',
    ]);
  });

  it('wants a size of 1 MiB for a port rate', () => {
    const { draft } = imported(files(osu('MPI Bandwidth', bandwidth(20e9, 16))));
    expect(draft.groups[0]!.nic.rate).toBeNull();
    expect(draft.notes.join('\n')).toMatch(/is not used: its largest size is 65536 B/);
  });

  it('takes further columns, and validation that failed as wrong data', () => {
    const full = osu(
      'MPI Bandwidth',
      bandwidth(46e9, 22, '   1.0   2.0   100'),
      'Size  Bandwidth (MB/s)  Min  Max  Iterations',
    );
    expect(read(full).curves[0]!.lines[0]!.bandwidth / 1e9).toBeCloseTo(45.75, 2);
    const validated = bandwidth(46e9, 22, '   Pass').replace('Pass\n2 ', 'Fail\n2 ');
    expect(read(osu('MPI Bandwidth', validated)).curves[0]!.unfit).toMatch(/validation failed at 1 B/);
  });

  it('keeps the tests of one file apart', () => {
    const both = osu('MPI Bandwidth', bandwidth(46e9)) + osu('MPI Latency', '1   3.9\n', 'Size Latency (us)');
    const { curves, measured } = read(both);
    expect(curves.map(({ test }) => test)).toEqual(['OSU MPI Bandwidth']);
    expect(measured).toEqual(['OSU MPI Latency: 3.9 us at 1 B (f.txt:27)']);
    expect(read(osu('MPI Bandwidth', '')).notes).toEqual([
      'OSU MPI Bandwidth of f.txt:1 has no rows of size and figure',
    ]);
  });

  it('above the wire is not of that wire', () => {
    const { draft } = imported(files(osu('MPI Bandwidth', bandwidth(1.2 * rate))));
    expect(draft.groups[0]!.nic.rate).toBeNull();
    expect(draft.notes.join('\n')).toMatch(
      /is not used: 5\d\.\d+ GB\/s is above the 50.00 GB\/s of a port of ib-ndr400/,
    );
  });
});
