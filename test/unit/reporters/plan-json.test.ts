import { describe, expect, it } from 'vitest';
import { violations } from '../../../src/document/validator.ts';
import type { Problem } from '../../../src/domain/problem.ts';
import type { RankedPlan, WhatIf } from '../../../src/domain/search-result.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { estimateTable } from '../../../src/reporters/estimate-table.ts';
import { estimateDocument, planDocument } from '../../../src/reporters/plan-json.ts';
import { rankedJson } from '../../../src/reporters/ranked-json.ts';
import { SCHEMAS } from '../../../src/schema/index.ts';
import { TECHNIQUES } from '../../../src/techniques/index.ts';
import { GiB } from '../../../src/units/quantity.ts';
import { inTwo, MIXED, planned, problemOf } from '../frameworks/fixture.ts';
import {
  ALONE,
  expectShown,
  found,
  LAW,
  MADE_BY,
  ranked,
  SEARCHED,
  secondsIn,
  sumOf,
  tableOf,
  UNEVEN,
  WIDE,
} from './fixture.ts';

const BEST = ranked(MIXED, UNEVEN);
const planOf = (plans: readonly RankedPlan[], over = {}, beside = ALONE) =>
  planDocument(MIXED, found(plans, over), beside, MADE_BY);
const estimateOf = (problem: Problem, { plan, estimate }: RankedPlan) =>
  estimateDocument(problem, plan, estimate, { inferred: ['cp=1'] }, MADE_BY);

const twoPlan = inTwo(BEST.plan);
const TWO: RankedPlan = { ...BEST, plan: twoPlan, estimate: estimate(MIXED, twoPlan) };
const SPARSE = problemOf('deepseek-v2-lite', 'dgx-h100-64');
const EXPERTS = ranked(SPARSE, 'tp=2,pp=3,dp=8,ep=8,cp=1,recompute=full,vpp=1,layers=9/9/9');

describe('one configuration as a document', () => {
  it.each([
    ['of unlike stages', MIXED, BEST],
    ['of two pipelines', MIXED, TWO],
    ['of experts', SPARSE, EXPERTS],
  ])('%s is as its schema says, and its parts sum to its totals', (_, problem, one) => {
    const document = estimateOf(problem, one);
    expect(violations(SCHEMAS.estimate!, JSON.parse(JSON.stringify(document)))).toEqual([]);
    expect(sumOf(document.time) / document.stepTimeSeconds).toBeCloseTo(1, 12);
    expect(document.stages).toHaveLength(one.estimate.stages.length);
    for (const { memory, peakMemoryBytes } of document.stages)
      expect(sumOf(memory) / peakMemoryBytes).toBeCloseTo(1, 12);
    const { dp, tp, pp, cp } = document.parallel;
    expect(document.stages.reduce((sum, stage) => sum + stage.devices, 0)).toBe(dp * tp * pp * cp);
  });

  it('has the figures of the table', () => {
    const document = estimateOf(MIXED, BEST);
    const text = estimateTable(MIXED, BEST.plan, BEST.estimate, { inferred: [] }, WIDE, false);
    for (const [name, time] of tableOf(text, 'where the step goes').slice(0, -1))
      expectShown(secondsIn(time!), document.time[name!]!, name);
    const rows = tableOf(text, 'stage  GPU');
    expect(rows).toEqual(
      document.stages.map((one) => [
        `${one.stage}`,
        one.gpuType,
        `${one.layers}`,
        ...[one.allocatedBytes!, one.peakMemoryBytes, one.memoryLimitBytes].map((x) => (x / GiB).toFixed(1)),
        one.peakAt,
        one.verdict,
      ]),
    );
  });

  it('has each stage on its own GPUs, with its own layers', () => {
    const { stages } = estimateOf(MIXED, TWO);
    const cut = [26, 26, 14, 14].map((layers, stage) => ({ stage, layers }));
    const ids = ['h100', 'h100', 'a100-40', 'a100-40'];
    const known = [0, 1].flatMap((pipeline) =>
      cut.map((one, i) => ({ pipeline, ...one, group: ids[i], devices: 8, tp: 8 })),
    );
    expect(stages).toMatchObject(known);
    for (const { layers, chunks } of stages)
      expect(chunks!.reduce((sum, { first, end }) => sum + end - first, 0)).toBe(layers);
  });

  it('says every technique, and text that is the same plan when it is typed', () => {
    const document = estimateOf(MIXED, BEST);
    expect(Object.keys(document.techniques)).toEqual(TECHNIQUES.map(({ id }) => id));
    expect(planned(MIXED, document.configuration)).toEqual(BEST.plan);
    expect(document.parallel).toMatchObject({ tp: 8, pp: 4, dp: 2, cp: 1 });
    const { globalBatchSize } = MIXED.workload;
    expect(document.microBatchSize! * document.numMicroBatches! * document.parallel.dp).toBe(globalBatchSize);
  });
});

describe('a ranking as a document', () => {
  const variant = planned(MIXED, `${UNEVEN},recompute=full`);
  const plans = [
    { ...BEST, variants: [{ plan: variant, stepSeconds: 12.5 }] },
    { ...TWO, rank: 2 },
  ];
  const beside: WhatIf = {
    launchers: ['megatron'],
    idle: [
      {
        group: 'a100-40',
        gpuType: 'a100-40-sxm',
        gpus: 8,
        asked: true,
        stepSeconds: null,
        reason: LAW,
        otherwise: { precision: 'fp16' as const, stepSeconds: 3 },
      },
    ],
    freer: { plan: TWO, launchers: ['zorse'], freedoms: ['unequal micro-batches'] },
    beyond: { plan: TWO, framework: 'Zorse', reason: LAW, freedoms: [] },
    cannot: [LAW],
    without: [{ held: 'tp=3', plan: TWO }],
    placement: { method: 'exact', stepSeconds: 1, rankOrderSeconds: 2, greedySeconds: 3, tried: 4, seed: 5 },
    slowLinks: [{ from: 'a', to: 'b', bytesPerSecond: 1, medianBytesPerSecond: 2, costSeconds: 3 }],
  };
  const rejected = [{ rule: 'memory', count: 7, example: { configuration: 'tp=1', reason: LAW } }];
  const miss = { plan: BEST.plan, estimate: BEST.estimate, reason: LAW, remedy: 'fits with pp=99' };
  const certificate = { ...SEARCHED, rejected, space: 8 };

  it('with all that can stand beside it is as its schema says', () => {
    const document = planOf(plans, { nearestMiss: miss, certificate }, beside);
    expect(violations(SCHEMAS.plan!, JSON.parse(JSON.stringify(document)))).toEqual([]);
    expect(document).toMatchObject({
      ...beside,
      freer: { launchers: ['zorse'], rank: TWO.rank },
      without: [{ held: 'tp=3', rank: TWO.rank }],
      beyond: { framework: 'Zorse', reason: LAW },
    });
    expect(document.rejected).toEqual({ memory: 7 });
    expect(document.nearestMiss).toMatchObject({ reason: LAW, remedy: 'fits with pp=99' });
  });

  it('with no plan is, too, and says why the even split cannot run', () => {
    const document = planOf([], { certificate });
    expect(violations(SCHEMAS.plan!, JSON.parse(JSON.stringify(document)))).toEqual([]);
    expect(document).toMatchObject({ plans: [], evenSplit: { reason: LAW }, nearestMiss: null, freer: null });
  });

  it('has variants that can be typed, each with its step', () => {
    const [told] = rankedJson(MIXED, plans[0]!).variants;
    expect(planned(MIXED, told!.configuration)).toEqual(variant);
    expect(told!.stepTimeSeconds).toBe(12.5);
  });

  it('is the same bytes from what was worked out anew', () => {
    const again = ranked(problemOf('llama-3.1-70b', 'mixed-32xh100-32xa100-40gb'), UNEVEN);
    expect(JSON.stringify(planOf([again]))).toBe(JSON.stringify(planOf([BEST])));
  });
});
