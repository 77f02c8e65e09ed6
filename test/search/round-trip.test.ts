import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/domain/plan.ts';
import type { Problem } from '../../src/domain/problem.ts';
import { estimate } from '../../src/evaluate/estimate.ts';
import { LAUNCHERS } from '../../src/frameworks/index.ts';
import type { Framework } from '../../src/frameworks/port/framework.ts';
import { launchFolder } from '../../src/launch-folder/folder.ts';
import { parseConfiguration } from '../../src/plan-text/configuration.ts';
import { search } from '../../src/search/search.ts';
import { DEFAULT_OPTIONS } from '../../src/search/space/options.ts';
import { planFrom } from '../../src/session/launch-file.ts';
import { sourceOf } from '../fixtures/source.ts';
import { ORIGIN, planned, problemOf } from '../unit/frameworks/fixture.ts';

const READING = LAUNCHERS.filter((launcher) => launcher.reader !== undefined);

/** The plan that the files of a plan say, read as `estimate --from FOLDER` reads them; null where it is refused. */
function roundTrip(launcher: Framework, problem: Problem, plan: Plan): Plan | null {
  if (launcher.reject(problem, plan) !== null) return null;
  const files = launchFolder(launcher, problem, plan, ORIGIN);
  const text = (path: string) => files.find((one) => one.path === path)?.content;
  const reader = launcher.reader!;
  const own = text(reader.file)!;
  const file = reader.read(sourceOf(own, reader.file));
  expect(file.violations(null)).toEqual([]);
  const map = text('rank-map.csv');
  const rankMap = map === undefined ? null : { file: 'rank-map.csv', text: map };
  const found = planFrom(
    { path: reader.file, name: launcher.name, launcher, reader, file, rankMap },
    file.asked(),
    '',
    problem,
  );
  if ('rule' in found) throw new Error(`${launcher.id}: ${found.rule}: ${found.actual}`);
  return found.plan;
}

function expectSame(launcher: Framework, problem: Problem, plan: Plan): boolean {
  const back = roundTrip(launcher, problem, plan);
  if (back === null) return false;
  expect(estimate(problem, back), `${launcher.id}: ${JSON.stringify(plan)}`).toEqual(estimate(problem, plan));
  return true;
}

describe('whatever a launcher accepts, its files say whole', () => {
  it.each([
    ['llama-3.1-8b', 'dgx-h100-64', 'micro-batch=1'],
    ['llama-3.1-70b', 'mixed-32xh100-32xa100-40gb', 'micro-batch=1,cp=1,tp=8'],
    ['mixtral-8x7b', 'dgx-h100-64', 'micro-batch=1,cp=1'],
    ['llama-2-7b', 'h100-plus-mi300x', 'micro-batch=2,cp=1'],
    ['llama-2-7b', 'mi300x-64', 'micro-batch=2'],
  ])('%s on %s, %s', (model, cluster, held) => {
    const fix = parseConfiguration(held);
    let kept = 0;
    for (const launcher of READING) {
      const base = problemOf(model, cluster, launcher.stack);
      const workload = { ...base.workload, sequenceLength: 4096, globalBatchSize: 256 };
      const problem = { ...base, workload };
      const alikeStages = !launcher.capabilities.tensorParallelPerStage;
      const { plans } = search(problem, { ...DEFAULT_OPTIONS, top: 6, fix, alikeStages, launcher });
      for (const { plan } of plans) if (expectSame(launcher, problem, plan)) kept += 1;
    }
    expect(kept).toBeGreaterThan(8);
  });

  it.each([
    'tp=8,pp=2,dp=4,micro-batch=2,sharding=1,shard-groups=2',
    'tp=1,pp=1,dp=64,micro-batch=4,sharding=3,shard-groups=8',
    'tp=1,pp=1,dp=32,cp=2,micro-batch=2,sharding=3,shard-groups=4',
    'tp=1,pp=1,dp=64,micro-batch=1,sharding=2,recompute=full',
    'tp=4,pp=2,dp=8,sharding=0,sp=false',
    'tp=4,pp=4,dp=4,sharding=1,schedule=gpipe',
    'tp=4,pp=4,dp=4,sharding=3,vpp=2,schedule=breadth-first',
    'tp=4,pp=4,dp=4,sharding=1,schedule=zb-h1',
    'tp=4,pp=4,dp=4,sharding=1,schedule=1f1b,vocabulary=vocab-1',
    'tp=4,pp=4,dp=4,sharding=1,recompute=full,recompute-layers=3',
    'tp=4,pp=4,dp=4,sharding=1,recompute=core_attn+mlp',
    'tp=2,pp=4,dp=8,sharding=3,vpp=2,layers=9/10/10/10/10/10/10/11',
    'tp=8,pp=4,dp=1,sharding=0,layers=12/12/28/28',
  ])('%s', (configuration) => {
    for (const launcher of READING) {
      const problem = problemOf('llama-3.1-70b', 'dgx-h100-64', launcher.stack);
      expectSame(launcher, problem, planned(problem, configuration));
    }
  });
});
