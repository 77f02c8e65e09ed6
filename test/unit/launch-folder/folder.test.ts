import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { LAUNCHERS } from '../../../src/frameworks/index.ts';
import { megatron } from '../../../src/frameworks/megatron/index.ts';
import { launchFolder } from '../../../src/launch-folder/folder.ts';
import { componentsOf } from '../../fixtures/slurm.ts';
import { MIXED, ORIGIN, planned } from '../frameworks/fixture.ts';

const bash = spawnSync('bash', ['--version']).status === 0;
const PLAN = planned(MIXED, 'tp=4,pp=4,cp=2,dp=2,sharding=1,layers=28/28/12/12');
const file = (files: readonly { path: string; content: string }[], path: string) =>
  files.find((one) => one.path === path)!.content;

describe('a launch folder', () => {
  const files = launchFolder(megatron, MIXED, PLAN, ORIGIN);

  it('has a job for Slurm on exactly the hosts of the plan', () => {
    const job = file(files, 'job.sbatch');
    expect(componentsOf(job).map((one) => one.get('nodes'))).toEqual(['4', '4']);
    if (bash) expect(spawnSync('bash', ['-n'], { input: job }).status).toBe(0);
  });

  it('maps each rank to one place, tensor parallelism innermost', () => {
    const [head, ...rows] = file(files, 'rank-map.csv').trim().split('\n');
    expect(head).toBe('rank,host,gpu,pipeline,stage,tp,cp,dp,ep');
    expect(rows).toHaveLength(64);
    const cells = rows.map((row) => row.split(','));
    expect(cells.map(([rank]) => Number(rank))).toEqual(Array.from({ length: 64 }, (_, i) => i));
    expect(new Set(cells.map(([, host, gpu]) => `${host}/${gpu}`)).size).toBe(64);
    expect(new Set(cells.map((row) => row.slice(3, 8).join())).size).toBe(64);
    expect(cells[5]!.slice(4, 8)).toEqual(['0', '1', '1', '0']);
    expect(cells[16]!.slice(4, 8)).toEqual(['1', '0', '0', '0']);
  });

  it('says how to start in a few lines', () => {
    expect(file(files, 'README.md').split('\n').length).toBeLessThan(16);
    expect(file(files, 'README.md')).toMatch(/sbatch job\.sbatch/);
  });

  it('adds nothing to a launcher without a script', () => {
    const json = LAUNCHERS.find(({ id }) => id === 'json')!;
    expect(launchFolder(json, MIXED, PLAN, ORIGIN)).toHaveLength(1);
  });
});

describe('the network of each host', () => {
  const named = (devices: readonly (readonly string[])[]) => ({
    ...MIXED,
    cluster: {
      ...MIXED.cluster,
      groups: MIXED.cluster.groups.map((group, i) => ({
        ...group,
        nic: { ...group.nic, devices: devices[i]!, interface: 'eth0' },
      })),
    },
  });
  const script = (devices: readonly (readonly string[])[]) =>
    file(megatron.render(named(devices), PLAN, ORIGIN), 'launch.sh');
  const exported = (text: string, rank: number) => {
    const lines = text.split('\n').filter((line) => /NCCL_|GLOO_/.test(line));
    const run = `NODE_RANK=${rank}\n${lines.join('\n')}\nprintf '%s|' "$NCCL_IB_HCA" "$NCCL_SOCKET_IFNAME" "$GLOO_SOCKET_IFNAME"`;
    return spawnSync('bash', ['-euc', run], { encoding: 'utf8', env: { PATH: process.env.PATH } }).stdout;
  };

  it.runIf(bash)('is named once where all hosts call it the same', () => {
    const text = script([
      ['mlx5_0', 'mlx5_1'],
      ['mlx5_0', 'mlx5_1'],
    ]);
    expect(text).not.toMatch(/NCCL_IB_HCA_OF/);
    expect(exported(text, 0)).toBe('=mlx5_0,mlx5_1|=eth0|eth0|');
  });

  it.runIf(bash)('is looked up by host where groups differ', () => {
    const text = script([['mlx5_0'], ['bnxt_re0']]);
    const hosts = /HOSTS=\(\n([^)]+)\)/.exec(text)![1]!.trim().split(/\s+/);
    const rank = hosts.findIndex((host) => host.startsWith('a100'));
    expect(
      exported(
        text,
        hosts.findIndex((host) => host.startsWith('h100')),
      ),
    ).toBe('=mlx5_0|=eth0|eth0|');
    expect(exported(text, rank)).toBe('=bnxt_re0|=eth0|eth0|');
  });
});
