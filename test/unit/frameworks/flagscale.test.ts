import { describe, expect, it } from 'vitest';
import { loadLink } from '../../../src/catalogue/links.ts';
import { parseDocument } from '../../../src/catalogue/parse-document.ts';
import type { Plan, Stage } from '../../../src/domain/plan.ts';
import type { Problem } from '../../../src/domain/problem.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { flagscale } from '../../../src/frameworks/flagscale/index.ts';
import { sourceOf } from '../../fixtures/source.ts';
import { DENSE, MIXED, ORIGIN, planned, problemOf } from './fixture.ts';

/** Stages of one pipeline in a row of devices: group, first device, tensor parallelism, copies, micro-batch, layers. */
type Row = readonly [
  group: number,
  firstDevice: number,
  tp: number,
  copies: number,
  size: number,
  layers: number,
];

function meshed({ workload }: Problem, rows: readonly Row[], techniques: Plan['techniques'] = {}): Plan {
  const [[, , , copies, size]] = rows as [Row];
  const microBatches = workload.globalBatchSize / (copies * size);
  let first = 0;
  const stages = rows.map(([group, firstDevice, tp, count, microBatchSize, layers]): Stage => {
    const chunks = [{ first, end: first + layers }];
    first += layers;
    return { chunks, microBatchSize, replicas: [{ count, group, firstDevice, tp, microBatches }] };
  });
  return {
    pipelines: [{ stages, microBatches: microBatches * copies }],
    dims: { cp: 1, ep: 1, etp: 1, vpp: 1, dpReplicate: 1 },
    schedule: '1f1b',
    techniques,
    nodeOrder: null,
  };
}

const SP = { sp: true, zero: 1 };
/** Tensor parallelism 8 × 4 copies, then 4 × 8 copies that take half as many sequences each. */
const UNLIKE = meshed(
  MIXED,
  [
    [0, 0, 8, 4, 2, 50],
    [1, 32, 4, 8, 1, 30],
  ],
  SP,
);
/** The second group on both ends. */
const SANDWICH = meshed(
  MIXED,
  [
    [1, 32, 8, 2, 1, 14],
    [0, 0, 8, 2, 1, 26],
    [0, 16, 8, 2, 1, 26],
    [1, 48, 8, 2, 1, 14],
  ],
  SP,
);

const files = (problem: Problem, plan: Plan) =>
  Object.fromEntries(flagscale.render(problem, plan, ORIGIN).map(({ path, content }) => [path, content]));

function hetero(problem: Problem, plan: Plan) {
  const text = files(problem, plan)['meshes.yaml']!;
  const { system } = parseDocument('meshes.yaml', text).value as { system: Record<string, unknown> };
  return { ...(system.hetero as Record<string, unknown>), system };
}

const read = (problem: Problem, plan: Plan) => {
  const all = files(problem, plan);
  return flagscale.reader!.read(sourceOf(all['meshes.yaml']!, 'meshes.yaml', all));
};

describe('meshes', () => {
  it('of unlike tensor and data parallel sizes keep micro-batch times copies', () => {
    expect(flagscale.reject(MIXED, UNLIKE)).toBeNull();
    expect(hetero(MIXED, UNLIKE)).toMatchObject({
      hetero_process_meshes: [8, 1, 1, 4, 1, 4, 1, 1, 8, 1],
      hetero_device_types: ['h100', 'a100-40'],
      hetero_current_device_type: 'h100',
      hetero_pipeline_layer_split: [50, 30],
      system: { tensor_model_parallel_size: 8, pipeline_model_parallel_size: 2, micro_batch_size: 2 },
    });
  });

  it('of a type that serves both ends go by two names', () => {
    expect(flagscale.reject(MIXED, SANDWICH)).toBeNull();
    expect(hetero(MIXED, SANDWICH)).toMatchObject({
      hetero_process_meshes: [8, 1, 1, 2, 1, 8, 1, 1, 2, 2, 8, 1, 1, 2, 1],
      hetero_device_types: ['a100-40_1', 'h100', 'a100-40_2'],
    });
    const { 'hostfile.txt': hosts, 'launch.sh': script } = files(MIXED, SANDWICH);
    expect(hosts).toMatch(/a100-40-1 slots=8 type=a100-40_1\nh100-0 slots=8 type=h100\n/);
    expect(hosts).toMatch(/h100-3 slots=8 type=h100\na100-40-2 slots=8 type=a100-40_2\n/);
    expect(script).toContain(
      "TYPES=('a100-40_1' 'a100-40_1' 'h100' 'h100' 'h100' 'h100' 'a100-40_2' 'a100-40_2')",
    );
  });

  it('of one type in a row share its name', () => {
    const plan = meshed(
      MIXED,
      [
        [0, 0, 8, 2, 1, 20],
        [0, 16, 4, 4, 1, 20],
        [1, 32, 8, 4, 1, 40],
      ],
      SP,
    );
    expect(flagscale.reject(MIXED, plan)?.rule).toBe('constant-micro-batch');
    const kept = meshed(
      MIXED,
      [
        [0, 0, 8, 2, 2, 20],
        [0, 16, 4, 4, 1, 20],
        [1, 32, 8, 4, 1, 40],
      ],
      SP,
    );
    expect(flagscale.reject(MIXED, kept)).toBeNull();
    expect(hetero(MIXED, kept)).toMatchObject({ hetero_device_types: ['h100', 'h100', 'a100-40'] });
    expect(read(MIXED, kept).violations(64)).toEqual([]);
  });

  it('of two vendors meet over Gloo, those of one over its own library', () => {
    const both = problemOf('llama-3.1-70b', 'h100-plus-mi300x');
    const plan = planned(both, 'tp=8,pp=4,micro-batch=1,sharding=1,sp=true');
    expect(flagscale.reject(both, plan)).toBeNull();
    expect(hetero(both, plan)).toMatchObject({ hetero_use_cpu_communication: true });
    expect(hetero(MIXED, UNLIKE)).not.toHaveProperty('hetero_use_cpu_communication');
  });

  it('on networks of unlike layers meet over Gloo too', () => {
    const roce = MIXED.cluster.groups.map((group, i) =>
      i === 1 ? { ...group, nic: { ...group.nic, link: loadLink('roce-200') } } : group,
    );
    const on = { ...MIXED, cluster: { ...MIXED.cluster, groups: roce } };
    expect(hetero(on, UNLIKE)).toMatchObject({ hetero_use_cpu_communication: true });
  });

  it('share an embedding only where a partial reduction can', () => {
    const tied = { ...MIXED, model: { ...MIXED.model, tiedEmbeddings: true } };
    const rows = (last: Row) => meshed(tied, [[0, 0, 8, 4, 1, 40], last], SP);
    expect(flagscale.reject(tied, UNLIKE)?.rule).toBe('shared-embedding');
    const half = rows([1, 32, 8, 2, 2, 40]);
    expect(flagscale.reject(tied, half)).toBeNull();
    expect(hetero(tied, half)).toMatchObject({ use_partial_reduce_for_shared_embedding: true });
    expect(read(tied, half).violations(48)).toEqual([]);
    const odd = meshed(
      tied,
      [
        [0, 0, 8, 3, 2, 40],
        [1, 32, 8, 2, 3, 40],
      ],
      SP,
    );
    expect(
      flagscale.reject({ ...tied, workload: { ...tied.workload, globalBatchSize: 504 } }, odd)?.rule,
    ).toBe('shared-embedding');
  });

  it('with experts say their tensor parallelism mesh by mesh', () => {
    const experts = problemOf('mixtral-8x7b', 'mixed-32xh100-32xa100-40gb');
    const plan = planned(experts, 'tp=4,pp=8,dp=2,ep=8,etp=1,micro-batch=1,sharding=1,sp=true');
    expect(flagscale.reject(experts, plan)).toBeNull();
    expect(hetero(experts, plan)).toMatchObject({
      hetero_process_meshes: [4, 1, 8, 2, 4, 4, 1, 8, 2, 4],
      expert_tensor_parallel_size_per_process_mesh: [1, 1],
    });
    expect(read(experts, plan).violations(64)).toEqual([]);
  });
});

describe('refusals', () => {
  it.each([
    ['context-parallel', DENSE, 'tp=8,pp=4,cp=2,micro-batch=1'],
    ['virtual-stages', DENSE, 'tp=8,pp=4,vpp=2,micro-batch=1'],
    ['sharding', DENSE, 'tp=1,pp=1,dp=64,sharding=3'],
    ['mesh-of-one-type', MIXED, 'tp=8,pp=1,dp=8,sharding=1'],
  ])('%s', (rule, problem, configuration) => {
    expect(flagscale.reject(problem, planned(problem, configuration))?.rule).toBe(rule);
  });

  it('unlike tensor parallelism without sequence parallelism', () => {
    const without = { ...UNLIKE, techniques: { zero: 1 } };
    expect(flagscale.reject(MIXED, without)?.rule).toBe('unlike-tp-needs-sp');
  });

  it('what is younger than its Megatron-LM', () => {
    const fp4 = { ...DENSE, workload: { ...DENSE.workload, precision: 'nvfp4' as const } };
    expect(flagscale.excludes!(fp4)?.rule).toBe('precision');
    const hybrid = { ...DENSE, stack: { ...DENSE.stack, moeDispatcher: 'hybridep' as const } };
    expect(flagscale.excludes!(hybrid)?.rule).toBe('moe-dispatcher');
  });
});

describe('what is written', () => {
  const SPLIT = 'tp=8,pp=4,dp=2,micro-batch=1,sharding=1,layers=28/28/12/12';
  it.each([
    ['unlike meshes', MIXED, UNLIKE],
    ['a type on both ends', MIXED, SANDWICH],
    ['without recomputation', MIXED, planned(MIXED, SPLIT)],
    ['full recomputation', MIXED, planned(MIXED, `${SPLIT},recompute=full`)],
    ['of some layers', MIXED, planned(MIXED, `${SPLIT},recompute=full:14`)],
    ['of some modules', MIXED, planned(MIXED, `${SPLIT},recompute=layernorm+mlp`)],
    ['one mesh', DENSE, planned(DENSE, 'tp=4,pp=2,dp=8,micro-batch=2,sharding=0')],
  ])('is read back as the same plan: %s', (_, problem, plan) => {
    const all = read(problem, plan);
    expect(all.violations(64)).toEqual([]);
    const devices = plan.pipelines[0]!.stages.flatMap(({ replicas }) =>
      replicas.flatMap(({ firstDevice, count, tp }) =>
        Array.from({ length: count * tp }, (_, i) => firstDevice + i),
      ),
    );
    const back = all.asked().plan!(problem, devices);
    expect(back.pipelines).toEqual(plan.pipelines);
    expect(back.dims).toEqual(plan.dims);
    expect(estimate(problem, back)).toEqual(estimate(problem, plan));
  });

  it('leaves out processes per node where hosts differ, and names what each host shows', () => {
    const [first, ...others] = MIXED.cluster.groups;
    const groups = [{ ...first!, nodes: 8, gpusPerNode: 4, fastDomainGpus: 4 }, ...others].map((group) => ({
      ...group,
      hosts: Array.from({ length: group.nodes }, (_, i) => `${group.id}-${i}`),
    }));
    const uneven = { ...MIXED, cluster: { ...MIXED.cluster, groups } };
    const plan = meshed(
      uneven,
      [
        [0, 0, 4, 8, 1, 40],
        [1, 32, 4, 8, 1, 40],
      ],
      SP,
    );
    expect(flagscale.reject(uneven, plan)).toBeNull();
    const { 'experiment.yaml': outer, 'hostfile.txt': hosts, 'launch.sh': script } = files(uneven, plan);
    expect(outer).not.toContain('nproc_per_node');
    expect(outer).toMatch(/CUDA_VISIBLE_DEVICES: "0,1,2,3"\n {4}node_specific:\n {6}a100-40-0:\n/);
    expect(hosts).toMatch(/h100-7 slots=4 type=h100\na100-40-0 slots=8 type=a100-40\n/);
    expect(script).toContain("'~experiment.envs.node_specific'");
  });

  it('says per type what its network is called', () => {
    const named = MIXED.cluster.groups.map((group, i) => ({
      ...group,
      nic: { ...group.nic, devices: [`mlx5_${i}`], interface: `eth${i}` },
    }));
    const on = { ...MIXED, cluster: { ...MIXED.cluster, groups: named } };
    const { 'experiment.yaml': outer, 'launch.sh': script } = files(on, UNLIKE);
    const { experiment } = parseDocument('f', outer!).value as {
      experiment: { envs: { device_type_specific: unknown } };
    };
    expect(experiment.envs.device_type_specific).toEqual({
      h100: { NCCL_IB_HCA: '=mlx5_0', NCCL_SOCKET_IFNAME: '=eth0', GLOO_SOCKET_IFNAME: 'eth0' },
      'a100-40': { NCCL_IB_HCA: '=mlx5_1', NCCL_SOCKET_IFNAME: '=eth1', GLOO_SOCKET_IFNAME: 'eth1' },
    });
    expect(script).toContain("'~experiment.envs.device_type_specific'");
  });

  it('warns of the versions that do not read the split', () => {
    const notes = flagscale.notes!(MIXED, UNLIKE).join('\n');
    expect(notes).toMatch(/FlagScale v0\.9\.0.*v0\.2\.0 and later do not read `hetero_pipeline_layer_split`/);
  });
});
