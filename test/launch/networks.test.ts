import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadLink } from '../../src/catalogue/links.ts';
import type { NicSpec } from '../../src/domain/cluster.ts';
import type { Plan } from '../../src/domain/plan.ts';
import { LAUNCHERS } from '../../src/frameworks/index.ts';
import { megatron } from '../../src/frameworks/megatron/index.ts';
import { zorse } from '../../src/frameworks/zorse/index.ts';
import { launchFolder } from '../../src/launch-folder/folder.ts';
import { sourceOf } from '../fixtures/source.ts';
import { MIXED, ORIGIN, planned, problemOf } from '../unit/frameworks/fixture.ts';

const has = (program: string) => spawnSync(program, ['--version']).status === 0;

/** The H100s on InfiniBand, the A100s on another network. */
function on(link: string, over: Partial<NicSpec> = {}, problem = MIXED) {
  const { cluster } = problem;
  const nics: Partial<NicSpec>[] = [
    { devices: ['mlx5_0', 'mlx5_1'], interface: 'bond0' },
    { link: loadLink(link), devices: ['bnxt_re0'], interface: 'eth0', ...over },
  ];
  return {
    ...problem,
    cluster: {
      ...cluster,
      groups: cluster.groups.map((group, i) => ({ ...group, nic: { ...group.nic, ...nics[i] } })),
    },
  };
}

const PLAN = planned(MIXED, 'tp=4,pp=4,cp=2,dp=2,sharding=1,layers=28/28/12/12');
const filesOf = (problem: typeof MIXED, plan: Plan = PLAN) =>
  new Map(launchFolder(megatron, problem, plan, ORIGIN).map(({ path, content }) => [path, content]));
const netsOf = (problem: typeof MIXED, plan?: Plan) => parse(filesOf(problem, plan).get('nccl.yaml')!);
const socket = { net_name: 'socket' };
const ib = { net_name: 'IB' };

describe('nccl.yaml of Megatron-LM', () => {
  it('puts what crosses from InfiniBand to RoCE on sockets, and the rest on RDMA', () => {
    const nets = netsOf(on('roce-200'));
    const crossing = [
      'pp',
      'embd',
      'pos_embd',
      'mp',
      'tp_ep_pp',
      'tp_ep_gtp_remat_pp',
      'intra_dist_opt_instance',
    ];
    expect(
      Object.keys(nets)
        .filter((name) => nets[name].net_name === 'socket')
        .sort(),
    ).toEqual(crossing.sort());
    expect([nets.dp, nets.dp_cp, nets.tp_dp_cp]).toEqual([ib, ib, ib]);
    // They stay in a node.
    expect([nets.tp, nets.tp_cp, nets.ep, nets.tp_ep_mp]).toEqual(new Array(4).fill(undefined));
  });

  it('names no RDMA where some hosts have none, or have that of a plugin', () => {
    for (const link of ['eth-100', 'efa-p5', 'slingshot-11']) {
      const nets = netsOf(on(link));
      expect([nets.pp, nets.dp]).toEqual([socket, undefined]);
    }
  });

  it('follows the plan: data parallelism over both networks is on sockets, and pipelines inside one are not', () => {
    const across = planned(MIXED, 'tp=8,pp=1,dp=8,sharding=1,recompute=full');
    const nets = netsOf(on('roce-200'), across);
    expect([nets.dp, nets.dp_cp, nets.ep_dp, nets.intra_dist_opt_instance]).toEqual([
      socket,
      socket,
      socket,
      socket,
    ]);
    expect(nets.pp).toBeUndefined();
  });

  it('tells fabrics of one layer apart, and stands in no folder of one network or of none', () => {
    const [fast] = MIXED.cluster.groups;
    const { link } = fast!.nic;
    const named = on(link.id, { fabric: 'b' });
    const apart = {
      ...named,
      cluster: {
        ...named.cluster,
        groups: named.cluster.groups.map((group, i) =>
          i === 0 ? { ...group, nic: { ...group.nic, fabric: 'a' } } : group,
        ),
      },
    };
    expect(netsOf(apart).pp).toEqual(socket);
    expect(filesOf(on(link.id)).has('nccl.yaml')).toBe(false);
    expect(filesOf(MIXED).has('socket_world.py')).toBe(false);
    const alone = planned(MIXED, 'tp=8,pp=2,dp=2,sharding=1,groups=h100');
    expect(filesOf(on('roce-200'), alone).has('nccl.yaml')).toBe(false);
    const plain = on('eth-100');
    const ethernet = {
      ...plain,
      cluster: {
        ...plain.cluster,
        groups: plain.cluster.groups.map((group) => ({
          ...group,
          nic: { ...group.nic, link: loadLink('eth-100') },
        })),
      },
    };
    expect(filesOf(ethernet).has('nccl.yaml')).toBe(false);
  });

  it('is named in the arguments, which are read back, and told in the README', () => {
    const files = filesOf(on('roce-200'));
    const words = files.get('arguments.txt')!.trimEnd().split('\n');
    expect(words.slice(-2)).toEqual(['--nccl-communicator-config-path', 'nccl.yaml']);
    expect(megatron.reader!.read(sourceOf(files.get('arguments.txt')!)).violations(64)).toEqual([]);
    expect(files.get('README.md')).toMatch(/\*\*Networks that RDMA does not join\*\*[\s\S]*not run/);
  });
});

describe('launch.sh on several networks', () => {
  const started = (link: string, rank: number, env: Record<string, string> = {}) => {
    const folder = mkdtempSync(join(tmpdir(), 'networks-'));
    for (const [path, content] of filesOf(on(link))) writeFileSync(join(folder, path), content);
    writeFileSync(
      join(folder, 'torchrun'),
      '#!/usr/bin/env bash\nIFS=" "; echo "$NCCL_IB_HCA|$NCCL_IB_DISABLE|$NCCL_SOCKET_IFNAME|$([ -v NCCL_NET ] || echo unset)|$*"\n',
      { mode: 0o755 },
    );
    const { stdout, stderr } = spawnSync('bash', [join(folder, 'launch.sh')], {
      encoding: 'utf8',
      env: {
        PATH: `${folder}:${process.env.PATH}`,
        SHARDWRIGHT_MASTER: 'm',
        SHARDWRIGHT_NODE_RANK: String(rank),
        NCCL_NET: 'IB',
        ...env,
      },
    });
    expect(stderr).toBe('');
    return stdout.trim().split('|');
  };

  it.runIf(has('bash'))('gives each host its own cards, and no NCCL_NET', () => {
    expect(started('roce-200', 0).slice(0, 4)).toEqual(['=mlx5_0,mlx5_1', '', '=bond0', 'unset']);
    expect(started('roce-200', 7).slice(0, 4)).toEqual(['=bnxt_re0', '', '=eth0', 'unset']);
    expect(started('eth-100', 0).slice(0, 4)).toEqual(['=mlx5_0,mlx5_1', '', '=bond0', 'unset']);
    expect(started('eth-100', 7).slice(0, 4)).toEqual(['', '1', '=eth0', 'unset']);
    expect(started('roce-200', 3)[4]).toMatch(/ socket_world\.py \.\/pretrain_gpt\.py --/);
  });

  it.runIf(has('shellcheck'))('has nothing that shellcheck finds', () => {
    const input = filesOf(on('eth-100')).get('launch.sh')!;
    expect(spawnSync('shellcheck', ['--shell=bash', '-'], { encoding: 'utf8', input }).stdout).toBe('');
  });
});

describe.runIf(has('python3'))('socket_world.py', () => {
  it('starts the program as if it were called, in a default group on sockets', () => {
    const folder = mkdtempSync(join(tmpdir(), 'world-'));
    const checkout = join(folder, 'megatron');
    mkdirSync(checkout);
    writeFileSync(join(folder, 'socket_world.py'), filesOf(on('roce-200')).get('socket_world.py')!);
    writeFileSync(
      join(folder, 'torch.py'),
      `
class Config: net_name = None
class Options:
    def __init__(self): self.config = Config()
log = []
class cuda:
    set_device = staticmethod(lambda device: log.append(["device", device]))
class distributed:
    class ProcessGroupNCCL: Options = Options
    @staticmethod
    def init_process_group(backend, **more):
        log.append([backend, sorted(more), more["pg_options"].config.net_name])
`,
    );
    writeFileSync(join(checkout, 'beside.py'), 'WORD = "beside"\n');
    writeFileSync(
      join(checkout, 'pretrain_gpt.py'),
      'import json, sys, torch, beside\nif __name__ == "__main__":\n    print(json.dumps([torch.log, sys.argv, beside.WORD]))\n',
    );
    const run = spawnSync('python3', ['-B', 'socket_world.py', 'megatron/pretrain_gpt.py', '--lr', '1'], {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, LOCAL_RANK: '3' },
    });
    expect(run.stderr).toBe('');
    expect(JSON.parse(run.stdout)).toEqual([
      [
        ['device', 3],
        ['nccl', ['pg_options'], 'Socket'],
      ],
      ['megatron/pretrain_gpt.py', '--lr', '1'],
      'beside',
    ]);
  });
});

/** Stages on these groups. */
const outline = (groups: readonly number[], depth = 2) => ({
  served: groups.map((group) => ({ group, tp: 1 })),
  depth,
  severalPipelines: false,
  cp: 1,
  severalChunks: false,
  equalShares: true,
  equalCopies: true,
});

describe('one network for all ranks', () => {
  it('is asked by frameworks that name none, with the law', () => {
    const problem = on('roce-200');
    const rules = LAUNCHERS.map((one) => [one.id, one.refuses?.(problem, outline([0, 1], 1))?.rule]);
    for (const id of ['torchtitan', 'megatron-bridge', 'primus'])
      expect(LAUNCHERS.some((one) => one.id === id)).toBe(true);
    expect(Object.fromEntries(rules).megatron).toBeUndefined();
    const torchtitan = LAUNCHERS.find(({ id }) => id === 'torchtitan')!;
    const reason = torchtitan.refuses!(problem, outline([0, 1]))!;
    expect(reason.rule).toBe('one-network');
    expect(reason.actual).toBe('h100 (InfiniBand) and a100-40 (RoCE), which RDMA does not join, in one job');
    expect(reason.limit).toMatch(/NCCL joins no others in the group of all ranks/);
    expect(torchtitan.refuses!(problem, outline([0]))).toBeNull();
    expect(torchtitan.refuses!(MIXED, outline([0, 1]))).toBeNull();
  });

  it('is asked of each stage by Zorse, whose stages talk over Gloo', () => {
    const problem = on('roce-200', {}, problemOf('llama-2-7b', 'mixed-32xh100-32xa100-40gb', 'torch-fsdp'));
    const sound = (text: string) => planned(problem, `${text},schedule=gpipe,sharding=3`);
    const apart = sound('pp=2,dp=32,layers=20/12,groups=h100/a100-40');
    expect(zorse.reject(problem, apart)).toBeNull();
    const files = zorse.render(problem, apart, ORIGIN);
    expect(JSON.parse(files[0]!.content).gloo_p2p).toBe(true);
    expect(zorse.reject(problem, sound('pp=1,dp=64'))?.rule).toBe('one-network');
  });
});
