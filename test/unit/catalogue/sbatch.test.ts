import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCluster } from '../../../src/catalogue/clusters.ts';
import { withSbatch } from '../../../src/catalogue/sbatch-overrides.ts';
import { DECIDED, SBATCH_OPTIONS } from '../../../src/domain/sbatch.ts';

const folder = mkdtempSync(join(tmpdir(), 'shardwright-'));

/** Two groups; `top` stands beside them (line 2), `own` in the first (line 10). */
function clusterOf(top: string, own: string) {
  const group = (id: string, gpu: string, extra: string) => `  - id: ${id}
    gpu: ${gpu}
    nodes: 2
    gpusPerNode: 8
    intraNode: nvlink3
    nic: { link: ib-ndr400, perNode: 8 }
    ${extra}
`;
  const path = join(folder, 'cluster.yaml');
  writeFileSync(
    path,
    `schema: shardwright.cluster/1\n${top}\ngroups:\n${group('h', 'h100-sxm', own)}${group('a', 'a100-80-sxm', '')}`,
  );
  return loadCluster(path).value;
}

describe('slurm: of a cluster file', () => {
  it('is kept by group and for all, as sbatch writes it', () => {
    const cluster = clusterOf(
      'slurm: { account: acc, time: 1-00:00, requeue: true, nice: 100 }',
      'slurm: { partition: p_h, gpus-per-node: h100, mem: 0, exclusive: user }',
    );
    expect(cluster.slurm).toEqual({ account: 'acc', time: '1-00:00', requeue: true, nice: '100' });
    expect(cluster.groups[0]!.slurm).toEqual({
      partition: 'p_h',
      'gpus-per-node': 'h100',
      mem: '0',
      exclusive: 'user',
    });
    expect(cluster.groups[1]!.slurm).toBeUndefined();
  });

  it.each(['90', '90:00', '24:00:00', '2-0', '1-00:00', '7-00:00:00', 'UNLIMITED'])(
    'takes the time %s',
    (time) => {
      expect(clusterOf(`slurm: { time: ${time} }`, '').slurm).toEqual({ time });
    },
  );

  it.each([
    [
      'time: 1d',
      /:2:\d+: time is "1d"\n {2}expected: minutes, 24:00:00, 1-00:00 or 1-00:00:00\n {2}Maybe "1-0"/,
    ],
    ['time: 24h', /Maybe "24:00:00"/],
    ['mem: 512 GiB', /mem is "512 GiB"[\s\S]*Maybe "512G"/],
    ['cpus-per-task: 0', /cpus-per-task is 0\n {2}expected: a whole number above zero/],
    ['acount: x', /sbatch has no option "acount"[\s\S]*Maybe "account"/],
    ['cpus: 64', /no option "cpus"[\s\S]*Maybe "cpus-per-task"/],
    ['memory: 0', /Maybe "mem"/],
    [
      'nodes: 4',
      /sbatch option "nodes"\n {2}expected: none of those a plan decides: the plan says how many nodes/,
    ],
    ['ntasks-per-node: 8', /one torchrun starts the ranks of a host/],
    ['hetjob: true', /node groups and their order/],
    ['account: true', /account is true/],
    ['hold: 3', /hold is 3\n {2}expected: true or false/],
    ["comment: 'a\"b'", /text without quotes/],
    ['comment: "a\\nb"', /text without quotes, backslashes or line ends/],
    ['partition: two words', /partition is "two words"\n {2}expected: no spaces/],
    ['mem: 0, mem-per-cpu: 4G', /slurm states both mem and mem-per-cpu/],
    ['gpus-per-node: -1', /the type that gres.conf names/],
    ['mem: 1.5', /mem is 1\.5/],
    ['mem: [1]', /mem is \[1\]/],
  ])('%s is refused, with its place', (text, expected) => {
    expect(() => clusterOf(`slurm: { ${text} }`, '')).toThrow(expected);
    expect(() => clusterOf(`slurm: { ${text} }`, '')).toThrow(/cluster\.yaml:2:\d+: /);
  });

  it('of a group says nothing of the job as a whole', () => {
    expect(() => clusterOf('', 'slurm: { job-name: x }')).toThrow(
      /:10:\d+: job-name for one node group[\s\S]*beside groups:/,
    );
  });
});

describe('--sbatch', () => {
  const cluster = clusterOf('slurm: { account: acc, mem: 1G }', 'slurm: { partition: p_h, mem: 2G }');

  it('stands over the file, a group over all, whatever their order', () => {
    const over = withSbatch(cluster, [
      'h:partition=x',
      'mem-per-cpu=3G',
      'partition=y',
      'hold',
      'requeue=false',
    ]);
    expect(over.slurm).toEqual({
      account: 'acc',
      'mem-per-cpu': '3G',
      partition: 'y',
      hold: true,
      requeue: false,
    });
    expect(over.groups.map(({ slurm }) => slurm)).toEqual([{ partition: 'x' }, {}]);
    expect(withSbatch(cluster, ['h:mem-per-gpu=9G']).groups[0]!.slurm).toEqual({
      partition: 'p_h',
      'mem-per-gpu': '9G',
    });
  });

  it.each([
    ['', /--sbatch is ""/],
    ['=x', /--sbatch is "=x"/],
    ['tmie=1', /no option "tmie"[\s\S]*Maybe "time"/],
    ['--nodes=4', /sbatch option "nodes"/],
    ['b:partition=x', /no node group is called "b"\n {2}expected: one of h, a/],
    ['h:output=x', /output for one node group/],
    ['account', /account is true/],
    ['time=soon', /time is "soon"/],
  ])('refuses %j', (text, expected) => {
    expect(() => withSbatch(cluster, [text])).toThrow(expected);
  });
});

it('names only options that sbatch has, or that are no option at all, as decided', () => {
  expect(Object.keys(DECIDED).filter((key) => !SBATCH_OPTIONS.has(key))).toEqual(['hetjob']);
  expect(SBATCH_OPTIONS.size).toBe(120);
});
