import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { measuredOn } from '../../../src/importers/draft/measured-on.ts';
import type { CurveFact } from '../../../src/importers/facts/facts.ts';
import { readFacts } from '../../../src/importers/formats/index.ts';
import type { InventoryGroup } from '../../../src/importers/inventory/inventory.ts';
import { imported, ncclText, onHost, powers, smi } from '../../fixtures/imported.ts';

const sample = (name: string) => readFileSync(`test/fixtures/discovery/${name}`, 'utf8');
const read = (text: string, file = 'f.txt') => readFacts(text, file);
const line = (n: number) => 25e-6 + n / 268e9;
const GB = 1e9;

describe('the GPUs that a curve is of', () => {
  const groups = [{ gpu: 'rtx-4090', hosts: [] }] as unknown as InventoryGroup[];
  const of = (gpuName: string) => measuredOn({ gpuName, hostNames: [] } as unknown as CurveFact, groups);

  it('are of one family: each RTX is its own', () => {
    expect(of('NVIDIA GeForce RTX 4090').groups).toEqual(groups);
    expect(of('NVIDIA GeForce RTX 3090').why).toMatch(/which no group has/);
  });
});

describe('text', () => {
  it('fits latency and bandwidth to the sizes, not to the average line', () => {
    // The samples were made from 25 us and 268.4 GB/s; the average line says 145.
    for (const name of ['nccl_tests_all_reduce_8gpu.txt', 'nccl_tests_all_reduce_8gpu.json']) {
      const [curve, ...more] = read(sample(name), name).curves;
      expect(more).toEqual([]);
      expect(curve).toMatchObject({
        test: 'all_reduce',
        ranks: 8,
        hosts: 1,
        hostNames: ['gpu-a'],
        unfit: null,
      });
      expect(curve!.lines).toHaveLength(1);
      expect(curve!.lines[0]!.latency).toBeCloseTo(25e-6, 7);
      expect(curve!.lines[0]!.bandwidth / GB).toBeCloseTo(268.4, 0);
      expect(curve!.largest).toBe(2 ** 31);
    }
    const [between] = read(sample('nccl_tests_sendrecv_2node_nocheck.txt')).curves;
    expect(between).toMatchObject({ test: 'sendrecv', ranks: 2, hosts: 2 });
    expect(between!.lines[0]!.bandwidth / GB).toBeCloseTo(46, 1);
    const [all] = read(sample('nccl_tests_alltoall_2node.txt')).curves;
    expect(all).toMatchObject({ test: 'alltoall', ranks: 16, hosts: 2, gpuName: 'NVIDIA H100 80GB HBM3' });
  });

  // nccl-tests before 2.11 and rccl-tests: no `root` column, `error` for `#wrong`, ranks without a group.
  const old = (
    rows: string,
  ) => `# nThread 1 nGpus 2 minBytes 8 maxBytes 134217728 step: 2(factor) warmup iters: 5 iters: 20 validation: 1
#
# Using devices
#   Rank  0 Pid  12978 on    orlando device  0 [0x0b] Tesla V100-SXM3-32GB
#   Rank  1 Pid  12978 on    orlando device  1 [0xc4] Tesla V100-SXM3-32GB
#
#                                                     out-of-place                       in-place
#       size         count    type   redop     time   algbw   busbw  error     time   algbw   busbw  error
#        (B)    (elements)                     (us)  (GB/s)  (GB/s)            (us)  (GB/s)  (GB/s)
${rows}# Out of bounds values : 0 OK
`;
  const oldRows = (redop: string) =>
    powers(10, 28)
      .map((n) => {
        const half = `${(line(n) * 1e6).toFixed(3)} 99.9 88.8 2e-07`;
        return `    ${n}       ${n / 4}    float    ${redop}    ${half}    ${half}\n`;
      })
      .join('');

  it('finds the time by its column: old versions have no root', () => {
    const [curve] = read(old(oldRows('sum')), 'all-reduce-2gpu.txt').curves;
    expect(curve).toMatchObject({ test: 'all_reduce', ranks: 2, hosts: 1, gpuName: 'Tesla V100-SXM3-32GB' });
    expect(curve!.lines[0]!.latency).toBeCloseTo(25e-6, 7);
    expect(curve!.lines[0]!.bandwidth / GB).toBeCloseTo(268, 0);
    // Its `error` is a rounding difference, not a count.
    expect(curve!.unfit).toBeNull();
  });

  it('reads rows whose redop is blank, timestamps and the columns of -I', () => {
    expect(read(old(oldRows('')), 'alltoall.txt').curves[0]!.lines).toEqual(
      read(old(oldRows('sum')), 'alltoall.txt').curves[0]!.lines,
    );
    const plain = ncclText('all_reduce_perf', onHost('a', 8), line);
    const stamped = plain
      .replace(/^(# +size.*)$/m, '$1   timestamp')
      .replace(/^( +\d+ .*)$/gm, '$1  2026-01-01 10:00:00');
    expect(read(stamped).curves[0]!.lines).toEqual(read(plain).curves[0]!.lines);
    const perIteration = plain
      .replaceAll('#wrong', '#wrong i_min i_max i_p99 i_cv%')
      .replace(/^( +\d+ .*?)( \S+ \S+ \S+ \S+)$/gm, '$1 1 2 3 4$2 1 2 3 4');
    expect(read(perIteration).curves[0]!.lines).toEqual(read(plain).curves[0]!.lines);
  });

  it('keeps the tests of one file apart', () => {
    const gather = ncclText('all_gather_perf', onHost('a', 4), (n) => 10e-6 + n / 400e9);
    const { curves } = read(ncclText('all_reduce_perf', onHost('a', 8), line) + gather);
    expect(curves.map(({ test, ranks }) => [test, ranks])).toEqual([
      ['all_reduce', 8],
      ['all_gather', 4],
    ]);
    expect(curves[1]!.lines[0]!.bandwidth / GB).toBeCloseTo(400, 0);
    const begun = ['all_reduce', 'all_gather'].map(
      (test) => `===begin ${test}_perf test===\n${old(oldRows('sum'))}`,
    );
    expect(read(begun.join('\n'), 'log.txt').curves.map(({ test }) => test)).toEqual([
      'all_reduce',
      'all_gather',
    ]);
    // What the file is called says nothing of its second test.
    expect(read(begun.join('\n'), 'sendrecv.txt').notes).toEqual([]);
  });

  it('does not use a test whose data were wrong', () => {
    const good = ncclText('sendrecv_perf', [{ host: 'a' }, { host: 'b' }], (n) => 18e-6 + n / 46e9);
    const wrong = good.replace(/(^ +262144 .*) 0$/m, '$1 3');
    expect(read(wrong).curves[0]!.unfit).toMatch(/#wrong 3 at 262144 B/);
    const failed = good.replace('values : 0 OK', 'values : 7 FAILED');
    expect(read(failed).curves[0]!.unfit).toMatch(/values : 7 FAILED/);
    // Slower than -c asked is not wrong.
    expect(read(good.replace(/(Avg bus bandwidth.*)/, '$1 FAILED')).curves[0]!.unfit).toBeNull();
    for (const text of [wrong, failed]) {
      const { draft, yaml } = imported({ 'smi.csv': smi(8), 'sendrecv.txt': text });
      expect(draft.groups[0]!.nic.rate).toBeNull();
      expect(draft.notes.join('\n')).toMatch(
        /sendrecv \(sendrecv.txt:\d+\) is not used: its data were wrong/,
      );
      expect(yaml).not.toMatch(/bandwidth: [\d.]+ GB\/s #/);
    }
  });

  it('skips rows that out-of-memory cut and those without a size or a time, and says so', () => {
    const text = ncclText('all_gather_perf', onHost('a', 8), line)
      .replace(/^ +1024 .*$/m, '  0 0 float none -1 0.00 0.00 0.00 0 0.00 0.00 0.00 0')
      .replace(
        /^( +1073741824 +\d+ +float).*\n[\s\S]*/m,
        '$1 sum -1 a: Test CUDA failure common.cu:123 out of memory',
      );
    const { curves, notes } = read(text);
    expect(curves[0]!.largest).toBe(2 ** 28);
    expect(curves[0]!.lines[0]!.bandwidth / GB).toBeCloseTo(268, 0);
    expect(notes).toEqual([
      expect.stringMatching(/all_gather of f.txt:\d+: 2 rows without a size and a time skipped/),
    ]);
  });

  it.each([
    ['mpirun --tag-output', (l: string) => `[1,0]<stdout>:${l}`],
    ['srun --label', (l: string) => `0: ${l}`],
  ])('reads lines that %s labelled', (_, label) => {
    const text = sample('nccl_tests_all_reduce_8gpu.txt');
    expect(read(text.split('\n').map(label).join('\n')).curves).toEqual(read(text).curves);
  });

  it('takes ranks from the counts where the list of devices was cut', () => {
    const text = ncclText('all_reduce_perf', onHost('a', 4), line).replace(
      'nThread 1 nGpus 1',
      'nThread 2 nGpus 4',
    );
    expect(read(text).curves[0]!.ranks).toBe(8);
  });

  it('says what cannot be used: host times, communicators side by side, unlike GPUs, one GPU', () => {
    const text = ncclText('all_reduce_perf', onHost('a', 8), line);
    expect(read(text.replaceAll(/\btime\b/g, 'cputime')).curves[0]!.unfit).toMatch(/host launching/);
    expect(read(text.replace('Rank 7 Group  0', 'Rank 7 Group  1')).curves[0]!.unfit).toMatch(
      /2 communicators/,
    );
    expect(read(text.replace('HBM3', 'HBM2')).curves[0]!.unfit).toMatch(/unlike GPUs/);
    expect(read(ncclText('all_reduce_perf', onHost('a', 1), line)).curves[0]!.unfit).toMatch(/one GPU/);
  });

  it.each([
    ['one size', [1024]],
    ['none', []],
  ])('a file with %s is a note beside others', (_, sizes) => {
    const text = ncclText('all_reduce_perf', onHost('a', 8), line, sizes);
    const { draft } = imported({ 'smi.csv': smi(8), 'x.txt': text });
    expect(draft.notes.join('\n')).toMatch(/all_reduce of x.txt:\d+: \d sizes with a time, and it takes two/);
  });

  it('takes the test from the name of the file where the text lacks it, and says so', () => {
    for (const [file, test] of [
      ['sendrecv-2node.txt', 'sendrecv'],
      ['all-reduce-8gpu.txt', 'all_reduce'],
      ['nccl_reduce_scatter.log', 'reduce_scatter'],
      ['allgather.txt', 'all_gather'],
      ['all_to_all.txt', 'alltoall'],
      ['x.txt', 'unknown test'],
    ] as const) {
      const { curves, notes } = read(old(oldRows('sum')), file);
      expect(curves[0]!.test).toBe(test);
      expect(notes[0]).toMatch(/the name of the test is taken from the file's/);
    }
    expect(
      read(ncclText('./build/sendrecv_perf_mpi', onHost('a', 2), line), 'all-reduce.txt').curves[0]!.test,
    ).toBe('sendrecv');
  });
});

describe('JSON', () => {
  const document = (over: object = {}) => ({
    version: 2,
    args: ['./build/all_reduce_perf', '-g', '8'],
    env: ['SECRET=hunter2'],
    nccl_version: 22809,
    config: {
      nthreads: 1,
      ngpus: 8,
      devices: [{ rank: 0, group: 0, hostname: 'a', device_info: 'NVIDIA H100 80GB HBM3' }],
    },
    results: powers(10, 30).map((size) => ({
      size,
      out_of_place: { time: line(size) * 1e6, nwrong: null },
      in_place: { time: 1, nwrong: null },
    })),
    ...over,
  });
  const json = (over: object = {}) => read(JSON.stringify(document(over)), 'f.json');

  it('multiplies processes by their GPUs: the tool lists the first of each', () => {
    expect(json().curves[0]).toMatchObject({ test: 'all_reduce', ranks: 8, hosts: 1, unfit: null });
    const device = (rank: number, hostname: string) => ({
      rank,
      group: 0,
      hostname,
      device_info: 'NVIDIA H100 80GB HBM3',
    });
    const of = (devices: unknown, more: object = {}) => json({ config: { devices, ...more } }).curves[0]!;
    const two = [device(0, 'a'), device(8, 'b')];
    expect(of(two, { nthreads: 1, ngpus: 8 })).toMatchObject({ ranks: 16, hosts: 2 });
    expect(of([device(0, 'a'), device(1, 'b')], { nthreads: 1, ngpus: 1 })).toMatchObject({
      ranks: 2,
      hosts: 2,
    });
    const all = Array.from({ length: 8 }, (_, i) => device(i, 'a'));
    expect(of(all, { nthreads: 1, ngpus: 8 })).toMatchObject({ ranks: 8, hosts: 1 });
  });

  it.each([
    ['-g', ['-g', '4']],
    ['-g4', ['-g4']],
    ['--ngpus', ['--ngpus', '4']],
    ['--ngpus=', ['--ngpus=4']],
  ])('reads %s where the configuration lacks it', (_, options) => {
    const config = { devices: [{ rank: 0, hostname: 'a', device_info: 'x' }] };
    expect(json({ args: ['sendrecv_perf_mpi', ...options], config }).curves[0]).toMatchObject({
      test: 'sendrecv',
      ranks: 4,
    });
  });

  it.each([
    ['results null', { results: null }],
    ['results missing', { results: undefined }],
    ['no bodies', { results: [{ size: 8, out_of_place: null }] }],
    ['odd results', { results: [null, 7, { size: 'x', out_of_place: { time: 'nan' } }] }],
    ['devices as an object', { config: { devices: { hostname: 'a' } } }],
    ['devices null', { config: { devices: null } }],
    ['no configuration', { config: null, args: null }],
  ])('%s is never a crash', (_, over) => {
    expect(() => json(over)).not.toThrow();
  });

  it('skips bodies that were not run, with a note', () => {
    const results = [{ size: 8, out_of_place: null }, ...document().results];
    const { curves, notes } = json({ results });
    expect(curves[0]!.lines[0]!.bandwidth / GB).toBeCloseTo(268, 0);
    expect(notes.join()).toMatch(/1 rows without a size and a time skipped/);
    expect(json({ results: null }).notes.join()).toMatch(/holds no results/);
  });

  it('knows wrong data and host times', () => {
    const results = document().results.map((row) => ({ ...row, in_place: { time: 1, nwrong: 2 } }));
    expect(json({ results }).curves[0]!.unfit).toMatch(/nwrong 2 at 1024 B/);
    expect(json({ out_of_bounds: { count: 5, okay: 'false' } }).curves[0]!.unfit).toMatch(
      /out of bounds values: 5/,
    );
    const hostTimes = document().results.map(({ size, out_of_place: { time } }) => ({
      size,
      out_of_place: { cpu_time: time },
    }));
    expect(json({ results: hostTimes }).curves[0]!.unfit).toMatch(/host launching/);
  });

  it('quotes nothing of a broken file, which holds the environment', () => {
    const whole = JSON.stringify(document(), null, 1).replace('"SECRET=hunter2"', 'SECRET=hunter2');
    expect(() => read(whole, 'f.json')).toThrow(/nccl-tests --json: not JSON as a whole/);
    expect(() => read(whole, 'f.json')).not.toThrow(/hunter2|SECRET/);
  });
});
