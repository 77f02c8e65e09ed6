import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { megatron } from '../../../src/frameworks/megatron/index.ts';
import { launchFolder } from '../../../src/launch-folder/folder.ts';
import { SCHEDULERS } from '../../../src/launch-folder/schedulers/index.ts';
import { DENSE, MIXED, ORIGIN, planned } from '../frameworks/fixture.ts';

const DENSE_PLAN = planned(DENSE, 'tp=8,pp=4,dp=2');
const MIXED_PLAN = planned(MIXED, 'tp=4,pp=4,cp=2,dp=2,sharding=1,layers=28/28/12/12');
const IMAGE = 'registry.example/team/megatron:1.0';

function files(
  problem: typeof DENSE,
  plan: typeof DENSE_PLAN,
  ids: readonly string[],
  image: string | null,
  each = true,
) {
  const schedulers = SCHEDULERS.filter(({ id }) => ids.includes(id));
  const written = launchFolder(megatron, problem, plan, ORIGIN, { schedulers, each, image });
  return Object.fromEntries(written.map(({ path, content }) => [path, content]));
}

describe('PyTorchJob', () => {
  it('has a master and workers in the order of ranks, each told its place', () => {
    const written = files(DENSE, DENSE_PLAN, ['pytorchjob'], IMAGE);
    expect(Object.keys(written)).toEqual([
      'arguments.txt',
      'launch.sh',
      'pytorchjob.yaml',
      'rank-map.csv',
      'README.md',
    ]);
    const { apiVersion, kind, metadata, spec } = parse(written['pytorchjob.yaml']!);
    expect({ apiVersion, kind, metadata }).toEqual({
      apiVersion: 'kubeflow.org/v1',
      kind: 'PyTorchJob',
      metadata: { name: 'llama-3-1-70b' },
    });
    expect(spec.nprocPerNode).toBe('8');
    const { Master, Worker } = spec.pytorchReplicaSpecs;
    expect([Master.replicas, Worker.replicas]).toEqual([1, 7]);
    const [container] = Worker.template.spec.containers;
    expect(container).toMatchObject({
      name: 'pytorch',
      image: IMAGE,
      resources: { limits: { 'nvidia.com/gpu': 8 } },
    });
    expect(container.command.slice(0, 2)).toEqual(['bash', '-c']);
    expect(container.command[2]).toBe(
      'SHARDWRIGHT_NODE_RANK="$PET_NODE_RANK" SHARDWRIGHT_MASTER="$PET_MASTER_ADDR" exec bash /launch/launch.sh',
    );
    expect(written['README.md']).toContain('--from-file=arguments.txt --from-file=launch.sh');
  });

  it('is refused where its two templates cannot hold the order', () => {
    expect(() => files(MIXED, MIXED_PLAN, ['pytorchjob'], IMAGE)).toThrow(
      /PyTorchJob cannot start this plan: hosts of h100 \(h100-sxm\), a100-40 \(a100-40-sxm\) in the order of ranks[\s\S]*Maybe --scheduler dstack/,
    );
    expect(() => files(DENSE, DENSE_PLAN, ['pytorchjob'], null)).toThrow(
      /no --image\n {2}expected: the image/,
    );
  });

  it('takes a master of another type, with labels that tell the nodes apart', () => {
    const one = planned(MIXED, 'tp=8,pp=2,dp=1,sharding=1,layers=40/40,groups=h100:8/a100-40:8');
    expect(() => files(MIXED, one, ['pytorchjob'], IMAGE)).toThrow(
      /nothing tells Kubernetes the nodes of h100/,
    );
    const labelled = {
      ...MIXED,
      cluster: {
        ...MIXED.cluster,
        groups: MIXED.cluster.groups.map((group) => ({ ...group, nodeSelector: { 'site/gpu': group.id } })),
      },
    };
    const { Master, Worker } = parse(files(labelled, one, ['pytorchjob'], IMAGE)['pytorchjob.yaml']!).spec
      .pytorchReplicaSpecs;
    expect(Master.template.spec.nodeSelector).toEqual({ 'site/gpu': 'h100' });
    expect(Worker.template.spec.nodeSelector).toEqual({ 'site/gpu': 'a100-40' });
  });
});

describe('dstack', () => {
  it('has a group for each run of hosts, in the order of ranks', () => {
    const written = files(MIXED, MIXED_PLAN, ['dstack'], null);
    const task = parse(written['dstack.yml']!);
    expect(task).toMatchObject({ type: 'task', name: 'llama-3-1-70b' });
    expect(task.image).toBeUndefined();
    expect(task.files).toEqual(['arguments.txt:launch/arguments.txt', 'launch.sh:launch/launch.sh']);
    expect(
      task.groups.map(
        ({ name, nodes, resources }: { name: string; nodes: number; resources: { gpu: string } }) => [
          name,
          nodes,
          resources.gpu,
        ],
      ),
    ).toEqual([
      ['0-h100-sxm', 4, 'nvidia:H100:72GB..88GB:8'],
      ['1-a100-40-sxm', 4, 'nvidia:A100:36GB..44GB:8'],
    ]);
    expect(written['README.md']).toMatch(/dstack\.yml` names no image/);
  });
});

describe('all schedulers', () => {
  it('write what they can, and the README says why one did not', () => {
    const written = files(MIXED, MIXED_PLAN, ['slurm', 'pytorchjob', 'dstack'], IMAGE, false);
    expect(Object.keys(written)).toContain('job.sbatch');
    expect(Object.keys(written)).toContain('dstack.yml');
    expect(Object.keys(written)).not.toContain('pytorchjob.yaml');
    expect(written['README.md']).toMatch(
      /- PyTorchJob: no file, since its form cannot hold this plan: hosts of h100 \(h100-sxm\), a100/,
    );
  });

  it('of containers refuse GPUs that a container numbers otherwise', () => {
    const plan = planned(DENSE, 'tp=4,pp=1,dp=1');
    const stage = plan.pipelines[0]!.stages[0]!;
    const upper = {
      ...plan,
      pipelines: [
        {
          ...plan.pipelines[0]!,
          stages: [{ ...stage, replicas: [{ ...stage.replicas[0]!, firstDevice: 4 }] }],
        },
      ],
    };
    for (const id of ['pytorchjob', 'dstack'])
      expect(() => files(DENSE, upper, [id], IMAGE)).toThrow(/is used from GPU 4 on/);
  });
});
