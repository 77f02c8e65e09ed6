import { describe, expect, it } from 'vitest';
import { loadLink } from '../../src/catalogue/links.ts';
import { loadModel } from '../../src/catalogue/models.ts';
import { listStacks } from '../../src/catalogue/stacks.ts';
import type { NodeGroup } from '../../src/domain/cluster.ts';
import { PRECISIONS } from '../../src/domain/dtype.ts';
import type { Plan, Stage } from '../../src/domain/plan.ts';
import type { Problem } from '../../src/domain/problem.ts';
import { FRAMEWORKS, LAUNCHABLE, LAUNCHERS, launcherOf } from '../../src/frameworks/index.ts';
import type { Framework } from '../../src/frameworks/port/framework.ts';
import { OPTIMIZERS } from '../../src/optimizers/index.ts';
import { parseOptimizer } from '../../src/plan-text/optimizer-text.ts';
import { withTraining } from '../fixtures/trained.ts';
import { DENSE, inTwo, MIXED, ORIGIN, planned, problemOf } from '../unit/frameworks/fixture.ts';

/** The same nodes with GPUs of AMD: what only the vendor decides. */
function ofAmd(problem: Problem): Problem {
  const groups = problem.cluster.groups.map((group) => ({
    ...group,
    gpu: { ...group.gpu, vendor: 'amd' as const },
  }));
  return { ...problem, cluster: { ...problem.cluster, groups } };
}

function inFull(model: string, cluster: string, over: Partial<Problem['workload']>): Problem {
  const one = problemOf(model, cluster);
  return { ...one, workload: { ...one.workload, ...over } };
}

function withLlama2({ cluster, workload, stack }: Problem): Problem {
  return {
    model: loadModel('llama-2-7b').value,
    cluster,
    workload: { ...workload, sequenceLength: 4096 },
    stack,
  };
}

/** Problems and plans that most frameworks can run; each must have one that it does. */
const COMMON: readonly (readonly [like: Problem, mixed: Problem, common: string, uneven: string])[] = [
  [DENSE, MIXED, 'tp=1,pp=1,dp=64,sharding=3', 'tp=8,pp=4,dp=2,sharding=3'],
  [DENSE, MIXED, 'tp=1,pp=1,dp=64,sharding=1', 'tp=8,pp=4,dp=2,sharding=1'],
  [ofAmd(DENSE), ofAmd(MIXED), 'tp=1,pp=1,dp=64,sharding=3', 'tp=8,pp=4,dp=2,sharding=3'],
  [
    withLlama2(DENSE),
    withLlama2(MIXED),
    'tp=1,pp=1,dp=64,sharding=3',
    'tp=1,pp=4,dp=16,sharding=3,schedule=gpipe',
  ],
  [
    withLlama2(DENSE),
    withLlama2(MIXED),
    'tp=1,pp=1,dp=64,sharding=3,recompute=full',
    'tp=1,pp=4,dp=16,sharding=3,recompute=full',
  ],
  [
    withLlama2(problemOf('llama-2-7b', 'dgx-h100-8')),
    withLlama2(MIXED),
    'tp=1,pp=1,dp=8,dispatch=async',
    'tp=1,pp=4,dp=16,sharding=3,recompute=full',
  ],
  [
    inFull('gpt2-medium-untied', '4090-8', { sequenceLength: 1024, globalBatchSize: 64 }),
    withLlama2(MIXED),
    'tp=1,pp=8,dp=1,micro-batch=2,schedule=1f1b',
    'tp=1,pp=4,dp=16,sharding=3,recompute=full',
  ],
  [
    inFull('amoebanet-d-18-256', 'p40-8', {
      ...{ sequenceLength: 1, globalBatchSize: 256 },
      ...{ precision: 'fp32' as const, optimizer: 'sgd' },
    }),
    withLlama2(MIXED),
    'tp=1,pp=8,dp=1,micro-batch=4,schedule=gpipe',
    'tp=1,pp=4,dp=16,sharding=3,recompute=full',
  ],
];

function homeOf(framework: Framework) {
  for (const [like, mixed, common, uneven] of COMMON) {
    const plan = planned(like, common);
    if (framework.reject(like, plan) !== null) continue;
    const tp = Number(/tp=(\d)/.exec(uneven)![1]);
    const layers = mixed.model.layers.length;
    const cut = framework.layerCut?.(mixed, 4, tp) ?? [0.35, 0.35, 0.15, 0.15].map((share) => share * layers);
    const counts = cut.map(Math.floor);
    counts[3]! += layers - counts.reduce((a, b) => a + b, 0);
    return {
      problem: like,
      common: plan,
      mixed,
      uneven: planned(mixed, `${uneven},layers=${counts.join('/')}`),
    };
  }
  throw new Error(`${framework.id} runs none of the common plans`);
}

const HOSTILE = ['gpu01; rm -rf ~', '$(reboot)', '`id`', "a'b", '-oProxyCommand=x', 'a\nb', ''];

/** The same stage with half of its copies, which take twice the micro-batches. */
function halved(stage: Stage): Stage {
  const half = (block: Stage['replicas'][number]) => ({
    ...block,
    count: block.count / 2,
    microBatches: 2 * block.microBatches,
  });
  return { ...stage, replicas: stage.replicas.map(half) };
}

/** The same copies in two blocks, the first of which takes two micro-batches from the second. */
function unequal(stage: Stage): Stage {
  const [block] = stage.replicas as [Stage['replicas'][number]];
  const count = block.count / 2;
  const second = block.firstDevice + count * block.tp;
  return {
    ...stage,
    replicas: [
      { ...block, count, microBatches: block.microBatches + 2 },
      { ...block, count, firstDevice: second, microBatches: block.microBatches - 2 },
    ],
  };
}

describe.each(LAUNCHERS)('framework $id', (framework) => {
  const { problem, common, mixed, uneven } = homeOf(framework);

  it('has a name of its own, found by that name, and a bundled stack', () => {
    expect(LAUNCHERS.filter(({ id }) => id === framework.id)).toHaveLength(1);
    expect(launcherOf(framework.id)).toBe(framework);
    expect(listStacks()).toContain(framework.stack);
  });

  it('accepts the common plan and renders it, the same bytes each time', () => {
    expect(framework.reject(problem, common)).toBeNull();
    const files = framework.render(problem, common, ORIGIN);
    expect(files.length).toBeGreaterThan(0);
    expect(framework.render(problem, common, ORIGIN)).toEqual(files);
    for (const { path, content } of files) {
      expect(path).toMatch(/^[a-z0-9_-]+(\.[a-z]+)?$/);
      expect(content.endsWith('\n')).toBe(true);
      expect(content).not.toMatch(/undefined|NaN|\[object/);
    }
  });

  it('refuses, with a reason, exactly the forms it says it cannot express', () => {
    const [{ stages }] = uneven.pipelines as [Plan['pipelines'][number]];
    const withStages = (changed: (typeof stages)[number][]) => ({
      ...uneven,
      pipelines: [{ ...uneven.pipelines[0]!, stages: changed }],
    });
    const [first, ...rest] = stages;
    const wide = first!.replicas[0]!;
    const narrow = wide.tp === 1 ? { ...halved(first!).replicas[0]!, tp: 2 } : { ...wide, tp: 4 };
    const unlike = narrow.count === first!.replicas[0]!.count ? rest : rest.map((stage) => halved(stage));
    const forms = [
      [framework.capabilities.unevenLayers && framework.capabilities.gpuTypePerStage, uneven],
      [
        framework.capabilities.tensorParallelPerStage,
        withStages([{ ...first!, replicas: [narrow] }, ...unlike]),
      ],
      [
        framework.capabilities.unequalMicroBatches && framework.capabilities.pipeline,
        withStages(stages.map(unequal)),
      ],
      [framework.capabilities.severalPipelines, inTwo(uneven)],
    ] as const;
    for (const [can, plan] of forms) {
      const reason = framework.reject(mixed, plan);
      expect(reason === null).toBe(can);
      if (reason !== null) expect(reason.rule).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    }
  });

  it('refuses node groups that RDMA does not join, unless it gives each kind of group a network', () => {
    const roce = (nic: NodeGroup['nic']) => ({ ...nic, link: loadLink('roce-200') });
    const groups = mixed.cluster.groups.map((one, i) => (i === 0 ? one : { ...one, nic: roce(one.nic) }));
    const apart = { ...mixed, cluster: { ...mixed.cluster, groups } };
    if (framework.reject(mixed, uneven) !== null) return;
    const reason = framework.reject(apart, uneven);
    expect(reason?.rule ?? null).toBe(framework.capabilities.networkPerGroup ? null : 'one-network');
    if (reason !== null)
      expect(reason.actual).toMatch(/\(InfiniBand\) and .* \(RoCE\), which RDMA does not join/);
  });

  it.each(['mixer', 'ffn'] as const)('runs or refuses layers without a %s', (part) => {
    const kinds = problem.model.kinds.map((kind) => ({ ...kind, [part]: null }));
    const half = { ...problem, model: { ...problem.model, kinds } };
    const reason = framework.reject(half, common);
    if (reason === null) expect(framework.render(half, common, ORIGIN).length).toBeGreaterThan(0);
    else expect(reason.limit.length).toBeGreaterThan(0);
  });

  it('refuses plans that were edited out of shape, rather than fail on them', () => {
    const [pipeline] = common.pipelines;
    const layers = problem.model.layers.length;
    // Of a pipeline the first stage alone, with all layers.
    const stage = { ...pipeline!.stages[0]!, chunks: [{ first: 0, end: layers }] };
    const block = stage.replicas[0]!;
    const edited = (changed: Partial<typeof stage>) => ({
      ...common,
      pipelines: [{ ...pipeline!, stages: [{ ...stage, ...changed }] }],
    });
    const cases = [
      ['devices-exist', edited({ replicas: [{ ...block, firstDevice: 8 }] })],
      ['group-exists', edited({ replicas: [{ ...block, group: 7 }] })],
      [
        'devices-once',
        edited({
          replicas: [
            { ...block, count: 4 },
            { ...block, count: 4 },
          ],
        }),
      ],
      ['layers-once', edited({ chunks: [{ first: 1, end: layers }] })],
      ['layers-once', edited({ chunks: [{ first: 0, end: layers - 1 }] })],
      ['node-order', { ...common, nodeOrder: [0, 0, 1, 2, 3, 4, 5, 6] }],
    ] as const;
    for (const [rule, plan] of cases) expect(framework.reject(problem, plan)?.rule).toBe(rule);
  });

  it.each(HOSTILE)('never lets host name %j into a shell', (name) => {
    const [group, ...others] = problem.cluster.groups;
    const hosts = [name, ...group!.hosts.slice(1)];
    const hostile = {
      ...problem,
      cluster: { ...problem.cluster, groups: [{ ...group!, hosts }, ...others] },
    };
    const scripts = framework.render(problem, common, ORIGIN).some(({ path }) => /\.(sh|env)$/.test(path));
    expect(framework.reject(hostile, common)?.rule ?? null).toBe(scripts ? 'host-name' : null);
  });
});

describe('a problem that a framework does not take', () => {
  const dense = problemOf('llama-3.1-8b', 'dgx-h100-64');
  const of = (workload: Partial<Problem['workload']>): Problem => ({
    ...dense,
    workload: { ...dense.workload, ...workload },
  });
  const PROBLEMS: readonly (readonly [name: string, problem: Problem])[] = [
    ...OPTIMIZERS.map(({ id }) => [id, of({ optimizer: id })] as const),
    ...PRECISIONS.map((precision) => [precision, of({ precision })] as const),
    ['LoRA', withTraining(dense, 'lora')],
    ['mixtral', problemOf('mixtral-8x7b', 'dgx-h100-64')],
  ];

  it.each(PROBLEMS)(
    '%s: the hint names those that take it, and any launcher only where none does',
    (_, problem) => {
      const takers = FRAMEWORKS.filter((one) => (one.excludes?.(problem) ?? null) === null).map(
        ({ id }) => id,
      );
      for (const one of FRAMEWORKS) {
        const reason = one.excludes?.(problem) ?? null;
        if (reason === null) continue;
        const { hint = '' } = reason;
        if (takers.length === 0) {
          const [, other, optimizer] = /--launcher (\S+) with --optimizer (\S+)\.$/.exec(hint) ?? [];
          if (other === undefined) expect(hint).toContain('--launcher any');
          else {
            const chosen = parseOptimizer(optimizer!);
            const again = { ...problem, workload: { ...problem.workload, ...chosen } };
            expect(launcherOf(other)!.excludes!(again)).toBeNull();
          }
        } else {
          expect(hint).not.toContain('any');
          const named = FRAMEWORKS.filter(({ id }) => new RegExp(`[ ,]${id}(?=[ ,.])`).test(hint));
          expect(named.length).toBeGreaterThan(0);
          for (const { id } of named) expect(takers).toContain(id);
        }
      }
    },
  );

  it('a technique that it has not is with those that have it', () => {
    for (const [id, text] of [
      ['offload-optimizer', 'offload-optimizer=1,zero=1'],
      ['loss', 'loss=chunked:8'],
      ['paged-optimizer', 'paged-optimizer=true'],
    ] as const) {
      const plan = planned(dense, `tp=1,pp=1,dp=64,recompute=none,${text}`);
      const takers = FRAMEWORKS.filter(({ express }) => express.techniques.includes(id)).map((one) => one.id);
      const without = FRAMEWORKS.filter((one) => !takers.includes(one.id)).flatMap(
        (one) => one.reject(dense, plan) ?? [],
      );
      const told = without.filter((reason) => reason.rule === id);
      expect(told.length, id).toBeGreaterThan(0);
      for (const { hint } of told) expect(hint).toContain(takers[0] ?? 'any');
    }
    // What a framework has and takes otherwise is its own to explain.
    const plan = planned(dense, 'tp=1,pp=1,dp=64,recompute=none,offload-optimizer=1,zero=0');
    expect(launcherOf('deepspeed')!.reject(dense, plan)?.hint).toBeUndefined();
  });

  it.each(PROBLEMS)('%s: what all refuse is said to be refused by all', (_, problem) => {
    const reason = LAUNCHABLE.excludes(problem);
    const all = FRAMEWORKS.every((one) => (one.excludes?.(problem) ?? null) !== null);
    expect(reason !== null).toBe(all);
    if (reason !== null) expect(reason.limit).toContain('no other framework here takes it');
  });
});
