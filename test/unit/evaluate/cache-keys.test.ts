import { describe, expect, it } from 'vitest';
import { replicasOf, type Stage } from '../../../src/domain/plan.ts';
import type { Problem } from '../../../src/domain/problem.ts';
import { type StageSpec, specOf } from '../../../src/evaluate/context.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { profileCache, type StageProfile, stageProfile } from '../../../src/evaluate/stage-profile.ts';
import { SCHEDULES } from '../../../src/schedules/index.ts';
import { TECHNIQUES } from '../../../src/techniques/index.ts';
import { problem } from '../../fixtures/problem.ts';
import { planned } from '../frameworks/fixture.ts';

const MIXED = problem('mixtral-8x7b', 'mixed-64xh100-64xa100');

const PLAN = planned(MIXED, 'tp=2,pp=4,dp=8,cp=2,ep=4,vpp=1,micro-batch=1,dp-replicate=2');
const SPEC: StageSpec = specOf(
  PLAN,
  4,
  PLAN.pipelines[0]!.stages[0]!,
  PLAN.pipelines[0]!.stages[0]!.replicas[0]!,
);

/** As many copies, on two groups. */
const UNLIKE = [
  { firstDevice: 0, tp: 2, count: 4 },
  { firstDevice: 64, tp: 2, count: 4 },
];

/** Other values of one field of a stage, everything else as it was. */
function variations(): { field: string; spec: StageSpec }[] {
  const { dims } = SPEC;
  const others: Record<keyof StageSpec, readonly Partial<StageSpec>[]> = {
    group: [{ group: 1, firstDevice: 64 }],
    firstDevice: [{ firstDevice: 4 }, { firstDevice: 32 }],
    dims: Object.keys(dims).flatMap((name) => {
      const value = dims[name as keyof typeof dims];
      return [1, 2, 4, 8].filter((n) => n !== value).map((n) => ({ dims: { ...dims, [name]: n } }));
    }),
    among: [0, 1].map((own) => ({ among: { copies: UNLIKE, own } })),
    stateShare: [{ stateShare: 0.25 }],
    microBatchSize: [{ microBatchSize: 2 }, { microBatchSize: 4 }],
    schedule: SCHEDULES.map(({ id }) => ({ schedule: id })),
    techniques: TECHNIQUES.flatMap((one) => {
      const listed = (one.schema as { enum?: readonly unknown[] }).enum ?? [];
      const values = [one.off, ...listed, ...(one.choices?.(MIXED, dims) ?? [])];
      return values.map((value) => ({ techniques: one.set(SPEC.techniques, value) }));
    }),
  };
  return Object.entries(others).flatMap(([field, list]) => {
    expect([...Object.keys(SPEC), 'among', 'stateShare'], 'a field of a stage without a variation').toContain(
      field,
    );
    return list.map((over) => ({ field, spec: { ...SPEC, ...over } }));
  });
}

/** What an estimate reads of a profile. */
function figures({ layers, embedding, head, prediction, boundaryBytes, segments, context }: StageProfile) {
  const part = ({ time, memory }: StageProfile['head']) => ({ time, memory });
  const { group, dims, schedule, techniques, microBatchSize } = context;
  return {
    layers: layers.map((row) => row.map(part)),
    ends: [embedding, head, prediction].map(part),
    boundaryBytes,
    segments,
    // What the memory terms and the boundaries read beside parts.
    asked: { group: group.index, dims, schedule, techniques, microBatchSize },
  };
}

describe('a stage worked out before', () => {
  it('has a variation of every field', () => {
    const fields = new Set(variations().map(({ field }) => field));
    expect([...fields].sort()).toEqual([...Object.keys(SPEC), 'among', 'stateShare'].sort());
  });

  it('is never taken for another: whatever was asked before, the answer is that of a fresh start', () => {
    const all = variations();
    const cache = profileCache();
    for (const order of [all, [...all].reverse()]) {
      stageProfile(MIXED, SPEC, cache);
      for (const { field, spec } of order)
        expect(figures(stageProfile(MIXED, spec, cache)), field).toEqual(figures(stageProfile(MIXED, spec)));
    }
  });
});

describe('a plan estimated beside others', () => {
  const texts = [
    'tp=2,pp=4,dp=8,cp=2,ep=4,micro-batch=1',
    'tp=2,pp=4,dp=8,cp=2,ep=4,micro-batch=1,zero=0',
    'tp=2,pp=4,dp=8,cp=2,ep=4,micro-batch=1,dp-replicate=4',
    'tp=2,pp=4,dp=8,cp=2,ep=4,micro-batch=1,recompute=full',
    'tp=2,pp=4,dp=8,cp=2,ep=4,micro-batch=1,recompute=full:3',
    'tp=2,pp=4,dp=8,cp=2,ep=4,micro-batch=1,sp=false',
    'tp=2,pp=4,dp=8,cp=2,ep=4,micro-batch=2',
    'tp=2,pp=4,dp=8,cp=2,ep=8,etp=2,micro-batch=1',
    'tp=2,pp=4,dp=8,cp=2,ep=4,micro-batch=1,vpp=2',
    'tp=2,pp=4,dp=8,cp=2,ep=4,micro-batch=1,schedule=gpipe',
    'tp=2,pp=4,dp=8,cp=2,ep=4,micro-batch=1,vocabulary=vocab-1',
    'tp=2,pp=4,dp=8,cp=2,ep=4,micro-batch=1,layers=6/8/9/9',
    'tp=2,pp=4,dp=8,cp=2,ep=4,micro-batch=1,groups=a100/h100',
  ];

  it('costs what it costs alone', () => {
    const cache = profileCache();
    const ids = MIXED.cluster.groups.map(({ id }) => id);
    const plans = texts.map((text) => planned(MIXED, text.replace('a100/h100', `${ids[1]}/${ids[0]}`)));
    for (const order of [plans, [...plans].reverse()])
      for (const plan of order)
        expect(estimate(MIXED, plan, cache)).toEqual(estimate(MIXED as Problem, plan));
  });

  it('has as many sequences in a micro-batch as its stage says', () => {
    const [pipeline] = PLAN.pipelines as [(typeof PLAN.pipelines)[number]];
    const doubled = pipeline.stages.map(
      (stage): Stage => ({
        ...stage,
        microBatchSize: 2,
        replicas: stage.replicas.map((block) => ({ ...block, microBatches: block.microBatches / 2 })),
      }),
    );
    const plan = { ...PLAN, pipelines: [{ stages: doubled, microBatches: pipeline.microBatches / 2 }] };
    expect(replicasOf(doubled[0]!)).toBe(8);
    expect(estimate(MIXED, plan).stepSeconds).not.toBe(estimate(MIXED, PLAN).stepSeconds);
  });
});
