import { describe, expect, it } from 'vitest';
import { loadLink } from '../../../src/catalogue/links.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import type { Problem } from '../../../src/domain/problem.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { HOLMES_RULES } from '../../../src/frameworks/holmes/file-rules.ts';
import { holmes } from '../../../src/frameworks/holmes/index.ts';
import { networkVariables } from '../../../src/frameworks/holmes/networks.ts';
import { parseConfiguration } from '../../../src/plan-text/configuration.ts';
import { planOf } from '../../../src/plan-text/plan-of.ts';
import { sourceOf } from '../../fixtures/source.ts';
import { MIXED, ORIGIN, planned, valuesOf } from './fixture.ts';

const ROCE = loadLink('roce-200');
const nics = (over: (i: number) => object): Problem => ({
  ...MIXED,
  cluster: {
    ...MIXED.cluster,
    groups: MIXED.cluster.groups.map((group, i) => ({ ...group, nic: { ...group.nic, ...over(i) } })),
  },
});
/** H100 nodes on InfiniBand, A100 nodes on RoCE. */
const UNLIKE = nics((i) => ({
  ...(i === 1 ? { link: ROCE } : {}),
  devices: [`mlx5_${i}`],
  interface: `bond${i}`,
}));
const SPLIT = 'tp=8,pp=4,dp=2,micro-batch=1,sharding=1,layers=28/28/12/12';

const files = (problem: Problem, plan: Plan) =>
  Object.fromEntries(holmes.render(problem, plan, ORIGIN).map(({ path, content }) => [path, content]));
const read = (text: string, config?: string) =>
  holmes.reader!.read(sourceOf(text, 'f', config === undefined ? {} : { 'config.json': config }));

describe('networks', () => {
  const plan = planned(UNLIKE, SPLIT);
  const { 'arguments.txt': words, 'config.json': config, 'launch.sh': script } = files(UNLIKE, plan);

  it('are the types of the pipeline, with the layers of their stages', () => {
    expect(holmes.reject(UNLIKE, plan)).toBeNull();
    expect(valuesOf(words!, '--hetero-device-types')).toEqual(['ib', 'roce']);
    expect(valuesOf(words!, '--hetero-pipeline-stages')).toEqual(['2', '28', '28', '2', '12', '12']);
    expect(words).not.toContain('--pipeline-model-parallel-layout');
  });

  it('have variables of their own, and what crosses goes over sockets', () => {
    expect(JSON.parse(config!)).toEqual([
      { CLUSTER_NAME: 'ib', NCCL_NET: 'IB', NCCL_SOCKET_IFNAME: '=bond0', NCCL_IB_HCA: '=mlx5_0' },
      {
        ...{ CLUSTER_NAME: 'roce', NCCL_NET: 'IB', NCCL_SOCKET_IFNAME: '=bond1', NCCL_IB_HCA: '=mlx5_1' },
        NCCL_IB_GID_INDEX: '3',
      },
      { CLUSTER_NAME: 'heter', NCCL_NET: 'Socket', NCCL_SOCKET_IFNAME: '=bond0,bond1' },
    ]);
    expect(script).toContain('TYPES=(ib ib ib ib roce roce roce roce)');
    expect(script).toContain('export NCCL_NET=Socket');
  });

  it('that all RDMA joins are one', () => {
    const same = files(MIXED, planned(MIXED, SPLIT));
    expect(valuesOf(same['arguments.txt']!, '--hetero-pipeline-stages')).toEqual([
      '4',
      '28',
      '28',
      '12',
      '12',
    ]);
    expect(same['launch.sh']).not.toContain('NCCL_NET=Socket');
  });

  it('that serve two stretches go by two names', () => {
    const [{ stages }] = plan.pipelines as [Plan['pipelines'][number]];
    const layers = stages.map(({ chunks }) => chunks);
    const order = [stages[0]!, stages[2]!, stages[3]!, stages[1]!].map((stage, i) => {
      const count = [28, 12, 12, 28];
      const first = count.slice(0, i).reduce((a, b) => a + b, 0);
      return { ...stage, chunks: [{ first, end: first + count[i]! }] };
    });
    expect(layers).toHaveLength(4);
    const folded = { ...plan, pipelines: [{ ...plan.pipelines[0]!, stages: order }] };
    expect(holmes.reject(UNLIKE, folded)).toBeNull();
    const types = valuesOf(files(UNLIKE, folded)['arguments.txt']!, '--hetero-device-types');
    expect(types).toEqual(['ib_1', 'roce', 'ib_2']);
  });
});

describe('refusals', () => {
  it.each([
    ['stage-in-one-network', UNLIKE, 'tp=8,pp=1,dp=8,sharding=1'],
    ['degrees', MIXED, 'tp=8,pp=4,cp=2,micro-batch=1'],
    ['recompute-module', MIXED, `${SPLIT},recompute=layernorm+mlp`],
    ['network-layer', nics(() => ({ link: loadLink('slingshot-11') })), SPLIT],
  ])('%s', (rule, problem, configuration) =>
    expect(holmes.reject(problem, planned(problem, configuration))?.rule).toBe(rule),
  );

  it.each([
    ['precision', { ...MIXED, workload: { ...MIXED.workload, precision: 'fp8' as const } }],
    ['model-architecture', { ...MIXED, model: { ...MIXED.model, mtpLayers: 1 } }],
  ])('%s of a problem', (rule, problem) => expect(holmes.excludes!(problem)?.rule).toBe(rule));
});

describe('what is written', () => {
  it.each([
    ['two networks', UNLIKE, SPLIT],
    ['one network', MIXED, 'tp=4,pp=8,dp=2,micro-batch=1,sharding=0'],
    ['full recomputation', UNLIKE, `${SPLIT},recompute=full`],
    ['of some layers', UNLIKE, `${SPLIT},recompute=full:14`],
    ['of attention', UNLIKE, `${SPLIT},recompute=core_attn`],
    ['one stage', MIXED, 'tp=8,pp=1,dp=8,sharding=1'],
  ])('is read back as the same plan: %s', (_, problem, configuration) => {
    const plan = planned(problem, configuration);
    expect(holmes.reject(problem, plan)).toBeNull();
    const all = files(problem, plan);
    const found = read(all['arguments.txt']!, all['config.json']);
    expect(found.violations(64)).toEqual([]);
    const text = Object.entries(found.asked().configuration).map(([key, value]) => `${key}=${value}`);
    const back = planOf(problem, parseConfiguration(text.join(',')));
    if (!('plan' in back)) throw new Error(back.rule);
    expect(back.plan.pipelines).toEqual(plan.pipelines);
    expect(estimate(problem, back.plan)).toEqual(estimate(problem, plan));
  });
});

describe('rules of the file', () => {
  const { 'arguments.txt': text, 'config.json': config } = files(UNLIKE, planned(UNLIKE, SPLIT)) as Record<
    'arguments.txt' | 'config.json',
    string
  >;
  const broken: readonly (readonly [rule: string, text: string, config?: string])[] = [
    ['global-batch', text.replace(/--global-batch-size\n512\n/, '')],
    ['types-once', text.replace('ib\nroce', 'ib\nib')],
    ['types-once', text.replace('--hetero-device-types\nib\nroce\n', '')],
    ['split-per-type', text.replace('2\n12\n12\n', '2\n12\n')],
    ['split-per-type', text.replace('2\n28\n28\n2\n12\n12\n', '4\n28\n28\n12\n12\n')],
    ['split-of-pipeline', text.replace('2\n28\n28\n2\n12\n12\n', '1\n56\n2\n12\n12\n')],
    ['split-of-layers', text.replace('2\n28\n28\n2', '2\n28\n20\n2')],
    ['no-micro-batch-sizes', `${text}--hetero-micro-batch-sizes 1 2\n`],
    ['no-virtual-stages', `${text}--num-layers-per-virtual-pipeline-stage 7\n`],
    ['context-parallel', `${text}--context-parallel-size 2\n`],
    ['legacy-models', `${text}--use-mcore-models\n`],
    ['overlapped-optimizer', `${text}--overlapped-distributed-optimizer\n`],
    ['network-of-type', text, config.replace('"heter"', '"other"')],
    [
      'network-keys',
      text,
      config.replace('"NCCL_SOCKET_IFNAME": "=bond0,bond1"', '"NCCL_SOCKET_IFNAMEE": "bond0"'),
    ],
    ['heads-divisible-by-tp', text.replace('--num-attention-heads\n64', '--num-attention-heads\n60')],
  ];

  it.each(broken.map(([rule, words, networks]) => ({ rule, words, networks })))(
    '$rule',
    ({ rule, words, networks }) => {
      const found = read(words, networks).violations(64);
      expect(found.map((one) => one.rule)).toContain(rule);
      for (const { fix } of found) expect(fix).toMatch(/\.$/);
    },
  );

  it('are all tried', () => {
    const tried = new Set(broken.map(([rule]) => rule));
    expect(HOLMES_RULES.map(({ rule }) => rule).filter((rule) => !tried.has(rule))).toEqual([]);
  });

  it('of a file without meshes are Megatron-LM’s', () => {
    const plain = text.slice(0, text.indexOf('--use-hetnet'));
    expect(read(plain).violations(64)).toEqual([]);
    expect(read(plain).asked().configuration).toMatchObject({ tp: '8', pp: '4' });
  });
});

it('refuses what it cannot read', () => {
  expect(() => read('--hetero-mode dp')).toThrow(/--hetero-mode dp/);
  expect(() => read('--hetero-mode pp --hetero-pipeline-stages 2 a 3')).toThrow(
    /a in --hetero-pipeline-stages/,
  );
  expect(() => read('--hetero-mode pp', '{}')).toThrow(/config\.json is no list of networks/);
});

it('cards whose nodes no RDMA fabric joins meet over sockets', () => {
  const plain = {
    ...{ from: 0, to: 0, layer: 'tcp' as const, kind: null, stated: true, provenance: 'datasheet' as const },
    ...{ bandwidthPerNode: 3e9, nominalPerNode: Number.POSITIVE_INFINITY, perFlow: Number.POSITIVE_INFINITY },
    ...{ sharedBandwidth: Number.POSITIVE_INFINITY, latency: 5e-5 },
  };
  const net = (links: Problem['cluster']['links']) =>
    networkVariables({ ...MIXED.cluster, links }, [{ type: 'ib', groups: [0], first: 0, end: 1 }])[0]!
      .NCCL_NET;
  expect([net([]), net([plain])]).toEqual(['IB', 'Socket']);
});
