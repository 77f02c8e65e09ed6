import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { withSbatch } from '../../src/catalogue/sbatch-overrides.ts';
import type { Cluster } from '../../src/domain/cluster.ts';
import type { Plan } from '../../src/domain/plan.ts';
import { megatron } from '../../src/frameworks/megatron/index.ts';
import { launchFolder } from '../../src/launch-folder/folder.ts';
import { componentsOf, submitted } from '../fixtures/slurm.ts';
import { MIXED, ORIGIN, planned } from '../unit/frameworks/fixture.ts';

const has = (program: string) => spawnSync(program, ['--version']).status === 0;
const PLAN = planned(MIXED, 'tp=4,pp=4,cp=2,dp=2,sharding=1,layers=28/28/12/12');
const SITE = [
  'account=acc',
  'time=1-00:00',
  'qos=long',
  'mem=0',
  'h100:partition=p_h',
  'h100:cpus-per-task=96',
  'h100:gpus-per-node=h100',
  'a100-40:partition=p_a',
  'a100-40:cpus-per-task=64',
  'a100-40:gres=gpu:a100',
];

const on = (cluster: Cluster) => ({ ...MIXED, cluster });
const asked = (overrides: readonly string[], cluster = MIXED.cluster) => on(withSbatch(cluster, overrides));
const folder = (problem = MIXED, plan = PLAN) => launchFolder(megatron, problem, plan, ORIGIN);
const jobOf = (problem = MIXED, plan = PLAN) =>
  folder(problem, plan).find(({ path }) => path === 'job.sbatch')!.content;
const refusal = (problem: typeof MIXED) => () => folder(problem);

/** The plan with its first and its last stage on A100s, and H100s between them. */
function sandwiched(plan: Plan): Plan {
  const [{ stages, microBatches }] = plan.pipelines as [Plan['pipelines'][number]];
  const order = [2, 0, 1, 3];
  return {
    ...plan,
    pipelines: [
      {
        microBatches,
        stages: stages.map((stage, i) => ({ ...stage, replicas: stages[order[i]!]!.replicas })),
      },
    ],
  };
}

const named = (cluster: Cluster): Cluster => ({
  ...cluster,
  groups: cluster.groups.map(({ hostsMadeUp: _, ...group }) => ({
    ...group,
    // Slurm gives nodes sorted by name: these do not stand so.
    hosts: group.hosts.map((_host, i) => `${group.id.slice(0, 1)}${9 - i}`),
  })),
});

describe('job.sbatch', () => {
  it('has a component for each partition and GPU type in stage order, with what the site asks for', () => {
    const components = componentsOf(jobOf(asked(SITE)));
    expect(components.map((one) => Object.fromEntries(one))).toEqual([
      {
        account: 'acc',
        mem: '0',
        qos: 'long',
        time: '1-00:00',
        partition: 'p_h',
        'cpus-per-task': '96',
        nodes: '4',
        'ntasks-per-node': '1',
        'gpus-per-node': 'h100:8',
        exclusive: '',
      },
      {
        partition: 'p_a',
        'cpus-per-task': '64',
        nodes: '4',
        'ntasks-per-node': '1',
        gres: 'gpu:a100:8',
        exclusive: '',
      },
    ]);
  });

  it('follows the stages where a type stands at both ends', () => {
    const components = componentsOf(jobOf(asked(SITE), sandwiched(PLAN)));
    expect(components.map((one) => [one.get('partition'), one.get('nodes')])).toEqual([
      ['p_a', '2'],
      ['p_h', '4'],
      ['p_a', '2'],
    ]);
  });

  it('is a plain job where all hosts are asked for alike', () => {
    const alone = withSbatch(MIXED.cluster, [
      'cpus-per-task=32',
      'no-requeue',
      'comment=a #1 run',
      'exclusive=false',
    ]);
    const [h100] = alone.groups;
    const same = on({ ...alone, groups: alone.groups.map((group) => ({ ...group, gpu: h100!.gpu })) });
    const plain = jobOf(same);
    expect(plain).not.toContain('hetjob');
    expect(plain).toContain('\n#SBATCH --no-requeue\n');
    expect(plain).toContain('\n#SBATCH --comment="a #1 run"\n');
    expect(plain).not.toContain('--exclusive');
    expect(plain).toContain('\nsrun --ntasks-per-node=1 --cpus-per-task=32 bash launch.sh "$@"\n');
  });

  it('says a value again only where the component before has another', () => {
    const job = jobOf(
      asked(['h100:mem=900G', 'a100-40:mem=400G', 'h100:partition=p', 'a100-40:partition=p']),
    );
    expect(componentsOf(job).map((one) => one.get('mem'))).toEqual(['900G', '400G']);
    const alike = jobOf(asked(['mem=400G', 'h100:partition=p', 'a100-40:partition=q']));
    expect(componentsOf(alike).map((one) => one.get('mem'))).toEqual(['400G', undefined]);
  });

  it('says that GPU types are assumed where nothing else tells nodes apart', () => {
    const files = folder(asked(['account=x']));
    const job = files.find(({ path }) => path === 'job.sbatch')!.content;
    expect(componentsOf(job).map((one) => one.get('gpus-per-node'))).toEqual(['h100:8', 'a100:8']);
    expect(job).toMatch(/GPU types are assumed/);
    expect(files.find(({ path }) => path === 'README.md')!.content).toMatch(
      /\*\*GPU types of `job\.sbatch` are assumed/,
    );
    expect(jobOf(asked(SITE))).not.toMatch(/assumed/);
  });

  it('is refused where Slurm would do something else', () => {
    expect(refusal(asked(['h100:partition=p']))).toThrow(/a100-40 states no partition, and h100 does/);
    expect(refusal(asked(['h100:mem=9G', 'h100:partition=p', 'a100-40:partition=q']))).toThrow(
      /a100-40 states no mem, and h100 does[\s\S]*carries it over/,
    );
    expect(refusal(asked(['gres=gpu:4']))).toThrow(/gres=gpu:4\n {2}expected: at least the 8 GPUs/);
    const [, a100] = MIXED.cluster.groups;
    const sizes = on({
      ...MIXED.cluster,
      groups: MIXED.cluster.groups.map((group, i) =>
        i === 0 ? { ...group, gpu: { ...a100!.gpu, id: 'a100-80-sxm' } } : group,
      ),
    });
    expect(refusal(sizes)).toThrow(/nothing tells Slurm the nodes of h100 from those of a100-40/);
  });
});

describe.runIf(has('bash'))('a job on hosts that Slurm chooses', () => {
  it.each([
    ['two types', PLAN, ['h100', 'a100-40']],
    ['a type at both ends', sandwiched(PLAN), ['a100-40', 'h100', 'a100-40']],
  ])('gives each host its place, component by component: %s', (_, plan, types) => {
    const files = folder(asked(SITE), plan);
    const { status, errors, hosts } = submitted(files);
    expect({ status, errors }).toEqual({ status: 0, errors: '' });
    expect(hosts.map(({ nodeRank }) => nodeRank)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(new Set(hosts.map(({ master }) => master))).toEqual(new Set(['c0-n0']));
    // The type that the rank map has at each node rank is that of the component its host comes from.
    const map = files
      .find(({ path }) => path === 'rank-map.csv')!
      .content.trim()
      .split('\n')
      .slice(1);
    const wanted = map
      .filter((_line, rank) => rank % 8 === 0)
      .map((line) => line.split(',')[1]!.replace(/-\d+$/, ''));
    expect(hosts.map(({ component }) => types[component])).toEqual(wanted);
  });

  it('finds each host in its table where the cluster file names them, whatever their order', () => {
    const { hosts, errors } = submitted(folder(asked(SITE, named(MIXED.cluster))));
    expect(errors).toBe('');
    expect(hosts.map(({ host, nodeRank }) => [host, nodeRank])).toEqual([
      ['h6', 3],
      ['h7', 2],
      ['h8', 1],
      ['h9', 0],
      ['a6', 7],
      ['a7', 6],
      ['a8', 5],
      ['a9', 4],
    ]);
    expect(new Set(hosts.map(({ master }) => master))).toEqual(new Set(['h9']));
  });

  it('meets on a port of its own, unless one is given', () => {
    const portsOf = (environment?: Readonly<Record<string, string>>) => {
      const { hosts } = submitted(folder(asked(SITE)), environment);
      return [...new Set(hosts.map(({ words }) => words[words.indexOf('--master-port') + 1]))];
    };
    expect(portsOf({ SLURM_JOB_ID: '4210987' })).toEqual(['10987']);
    expect(portsOf({ SLURM_JOB_ID: '70008' })).toEqual(['10008']);
    expect(portsOf({ SLURM_JOB_ID: '7', MASTER_PORT: '12345' })).toEqual(['12345']);
  });

  it('runs as a plain job too', () => {
    const alone = planned(MIXED, 'tp=8,pp=2,dp=2,sharding=1,groups=h100');
    const { hosts, status } = submitted(folder(MIXED, alone));
    expect(status).toBe(0);
    expect(hosts.map(({ host, nodeRank, master }) => [host, nodeRank, master])).toEqual(
      [0, 1, 2, 3].map((i) => [`c0-n${i}`, i, 'c0-n0']),
    );
  });
});

describe.runIf(has('shellcheck'))('shellcheck', () => {
  const snapshots = readdirSync('test/golden/snapshots/launch', { recursive: true })
    .map((path) => `test/golden/snapshots/launch/${String(path)}`)
    .filter((path) => /launch\.sh$|\.sbatch$/.test(path));

  it.each(snapshots)('finds nothing in %s', (path) => {
    const { stdout, status } = spawnSync('shellcheck', ['--shell=bash', path], { encoding: 'utf8' });
    expect({ stdout, status }).toEqual({ stdout: '', status: 0 });
  });

  it.each([SITE, [], ['comment=a #1 run']])('finds nothing in a job that asks for %j', (...overrides) => {
    const input = jobOf(asked(overrides.flat()));
    const { stdout, status } = spawnSync('shellcheck', ['--shell=bash', '-'], { encoding: 'utf8', input });
    expect({ stdout, status }).toEqual({ stdout: '', status: 0 });
  });
});
