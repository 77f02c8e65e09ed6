import { describe, expect, it } from 'vitest';
import { listStacks } from '../../src/catalogue/stacks.ts';
import { LAUNCHERS, launcherOf } from '../../src/launchers/index.ts';
import { DENSE, inTwo, MIXED, ORIGIN, planned } from '../unit/launchers/fixture.ts';

/** A plan that every launcher can run: one GPU type, even layers, no virtual stages, full sharding. */
const COMMON = planned(DENSE, 'tp=1,pp=1,dp=64,cp=1,micro-batch=1,sharding=3,recompute=none');
const HOSTILE = ['gpu01; rm -rf ~', '$(reboot)', '`id`', "a'b", '-oProxyCommand=x', 'a\nb', ''];

describe.each(LAUNCHERS)('launcher $id', (launcher) => {
  it('has a name of its own, found by that name, and a bundled stack', () => {
    expect(LAUNCHERS.filter(({ id }) => id === launcher.id)).toHaveLength(1);
    expect(launcherOf(launcher.id)).toBe(launcher);
    expect(listStacks()).toContain(launcher.stack);
  });

  it('accepts the common plan and renders it, the same bytes each time', () => {
    expect(launcher.reject(DENSE, COMMON)).toBeNull();
    const files = launcher.render(DENSE, COMMON, ORIGIN);
    expect(files.length).toBeGreaterThan(0);
    expect(launcher.render(DENSE, COMMON, ORIGIN)).toEqual(files);
    for (const { path, content } of files) {
      expect(path).toMatch(/^[a-z0-9_-]+(\.[a-z]+)?$/);
      expect(content.endsWith('\n')).toBe(true);
      expect(content).not.toMatch(/undefined|NaN|\[object/);
    }
  });

  it('refuses, with a reason, exactly the forms it says it cannot express', () => {
    const uneven = planned(MIXED, 'tp=8,pp=4,dp=2,sharding=3,layers=28/28/12/12');
    const [first, ...rest] = uneven.pipelines[0]!.stages;
    const block = first!.replicas[0]!;
    const withFirst = (replicas: (typeof block)[]) => ({
      ...uneven,
      pipelines: [{ ...uneven.pipelines[0]!, stages: [{ ...first!, replicas }, ...rest] }],
    });
    const forms = [
      [launcher.capabilities.unevenLayers && launcher.capabilities.gpuTypePerStage, uneven],
      [launcher.capabilities.tensorParallelPerStage, withFirst([{ ...block, tensorParallel: 4, count: 4 }])],
      [launcher.capabilities.unequalMicroBatches, withFirst([{ ...block, microBatches: 100 }])],
      [launcher.capabilities.severalPipelines, inTwo(uneven)],
    ] as const;
    for (const [can, plan] of forms) {
      const reason = launcher.reject(MIXED, plan);
      expect(reason === null).toBe(can);
      if (reason !== null) expect(reason.rule).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    }
  });

  it('refuses plans that were edited out of shape, rather than fail on them', () => {
    const [pipeline] = COMMON.pipelines;
    const stage = pipeline!.stages[0]!;
    const block = stage.replicas[0]!;
    const edited = (changed: Partial<typeof stage>) => ({
      ...COMMON,
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
      ['layers-once', edited({ chunks: [{ first: 1, end: 80 }] })],
      ['layers-once', edited({ chunks: [{ first: 0, end: 79 }] })],
      ['node-order', { ...COMMON, nodeOrder: [0, 0, 1, 2, 3, 4, 5, 6] }],
    ] as const;
    for (const [rule, plan] of cases) expect(launcher.reject(DENSE, plan)?.rule).toBe(rule);
  });

  it.each(HOSTILE)('never lets host name %j into a shell', (name) => {
    const [group, ...others] = DENSE.cluster.groups;
    const hosts = [name, ...group!.hosts.slice(1)];
    const problem = { ...DENSE, cluster: { ...DENSE.cluster, groups: [{ ...group!, hosts }, ...others] } };
    const scripts = launcher.render(DENSE, COMMON, ORIGIN).some(({ path }) => /\.(sh|env)$/.test(path));
    expect(launcher.reject(problem, COMMON)?.rule ?? null).toBe(scripts ? 'host-name' : null);
  });
});
