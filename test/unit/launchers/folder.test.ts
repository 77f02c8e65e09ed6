import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { deepspeed } from '../../../src/launchers/deepspeed/index.ts';
import { env } from '../../../src/launchers/env.ts';
import { launchFolder } from '../../../src/launchers/folder.ts';
import { LAUNCHERS } from '../../../src/launchers/index.ts';
import { megatron } from '../../../src/launchers/megatron/index.ts';
import { DENSE, MIXED, ORIGIN, planned } from './fixture.ts';

const bash = spawnSync('bash', ['--version']).status === 0;
const PLAN = planned(MIXED, 'tp=4,pp=4,cp=2,dp=2,sharding=1,layers=28/28/12/12');
const file = (files: readonly { path: string; content: string }[], path: string) =>
  files.find((one) => one.path === path)!.content;

describe('a launch folder', () => {
  const files = launchFolder(megatron, MIXED, PLAN, ORIGIN);

  it('has a job for Slurm on exactly the hosts of the plan', () => {
    const job = file(files, 'job.sbatch');
    expect(job).toMatch(/^#!.*\n#SBATCH --nodes=8\n/);
    const hosts = /--nodelist=(\S+)/.exec(job)![1]!.split(',');
    expect(new Set(hosts).size).toBe(8);
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
    expect(file(files, 'README.md').split('\n').length).toBeLessThan(14);
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

describe('env', () => {
  it.runIf(bash)('comes out of eval as it went in', () => {
    const problem = { ...DENSE, model: { ...DENSE.model, name: `a 'b' "c" $(id)\nd` } };
    const plan = planned(DENSE, 'tp=8,pp=2,dp=4,micro-batch=2,recompute=core_attn+layernorm');
    const [one] = env.render(problem, plan, ORIGIN);
    const script = `${one!.content}\nprintf '%s|' "$MODEL" "$TENSOR_PARALLEL" "$RECOMPUTE_MODULES" "$LAYERS_PER_STAGE" "$NNODES"`;
    const ran = spawnSync('bash', ['-euc', script], { encoding: 'utf8' });
    const layers = DENSE.model.layers.length / 2;
    expect(ran.stdout).toBe(`${problem.model.name}|8|core_attn layernorm|${layers} ${layers}|8|`);
  });
});

describe('deepspeed', () => {
  it('keeps the batch equation', () => {
    const plan = planned(DENSE, 'tp=1,pp=1,cp=2,dp=32,micro-batch=1,sharding=3');
    const config = JSON.parse(deepspeed.render(DENSE, plan, ORIGIN)[0]!.content);
    expect(config.train_batch_size).toBe(
      config.train_micro_batch_size_per_gpu * config.gradient_accumulation_steps * 32,
    );
    expect(config.sequence_parallel_size).toBe(2);
    expect(config.zero_optimization.stage).toBe(3);
  });

  it.each([
    ['pipeline', 'tp=1,pp=2,dp=32'],
    ['tensor-parallel', 'tp=2,pp=1,dp=32'],
    ['recompute', 'tp=1,pp=1,dp=64,recompute=core_attn'],
  ])('refuses %s and names who could', (rule, config) => {
    expect(deepspeed.reject(DENSE, planned(DENSE, config))).toMatchObject({
      rule,
      hint: 'Maybe --launcher megatron.',
    });
  });
});
