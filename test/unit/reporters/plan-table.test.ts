import { describe, expect, it } from 'vitest';
import type { Certificate, SearchResult, WhatIf } from '../../../src/domain/search-result.ts';
import type { SteadyChoice } from '../../../src/domain/step-range.ts';
import type { Style } from '../../../src/reporters/paint.ts';
import { planTable } from '../../../src/reporters/plan-table.ts';
import { formatSeconds } from '../../../src/units/format.ts';
import { GiB } from '../../../src/units/quantity.ts';
import { MIXED, problemOf } from '../frameworks/fixture.ts';
import {
  ALONE,
  expectNarrow,
  expectShown,
  found,
  LAW,
  NARROW,
  percentIn,
  ranked,
  SEARCHED,
  secondsIn,
  tableOf,
  taking,
  UNEVEN,
  unwrapped,
  WIDE,
} from './fixture.ts';

const BEST = ranked(MIXED, UNEVEN);
const SECOND = ranked(MIXED, 'tp=8,pp=8,dp=1,layers=12/12/12/12/8/8/8/8', { rank: 2, tiedWithBest: true });
const THIRD = ranked(MIXED, 'tp=8,pp=4,dp=1,groups=h100,recompute=full', { rank: 3 });
const print = (result: SearchResult, beside = ALONE, style: Style = WIDE) =>
  planTable(MIXED, result, beside, style);
const words = (result: SearchResult, beside = ALONE) => unwrapped(print(result, beside));

describe('ranked plans', () => {
  const plans = [BEST, SECOND, THIRD];

  it('have the figures of their estimates, in a table', () => {
    const rows = tableOf(print(found(plans)), '#').filter(([first]) => /^\d/.test(first!));
    expect(rows.map(([rank]) => rank)).toEqual(['1', '2=', '3']);
    for (const [i, [, step, tokens, mfu]] of rows.entries()) {
      const { estimate } = plans[i]!;
      expectShown(secondsIn(step!), estimate.stepSeconds);
      const { sequenceLength, globalBatchSize } = MIXED.workload;
      const perSecond = (sequenceLength * globalBatchSize) / estimate.stepSeconds;
      expect(Number(tokens!.replaceAll(',', ''))).toBe(Math.round(perSecond));
      expect(percentIn(mfu!)).toBeCloseTo(100 * estimate.mfu, 1);
    }
  });

  it('are the same plans where the page is narrow', () => {
    const table = tableOf(print(found(plans)), '#').filter(([first]) => /^\d/.test(first!));
    const lines = print(found(plans), ALONE, NARROW).split('\n');
    const head = lines.find((one) => one.startsWith('#'))!;
    for (const [rank, step, tokens, mfu, gpus] of table) {
      const line = lines.find((one) => one.startsWith(`${rank} `));
      expect(line, rank).toBeDefined();
      for (const figure of [step, tokens, mfu, gpus]) expect(line).toContain(figure);
      expect(line!.indexOf(tokens!) + tokens!.length).toBe(head.indexOf('tokens/s') + 'tokens/s'.length);
      expect(line!.indexOf(gpus!)).toBe(head.indexOf('GPUs'));
    }
  });

  it('say which GPU is how full, each type', () => {
    const rows = print(found([BEST])).split('\n');
    for (const group of [0, 1]) {
      const { gpu } = MIXED.cluster.groups[group]!;
      const most = Math.max(
        ...BEST.estimate.stages.flatMap((one) => (one.group === group ? [one.memory.deviceBytes] : [])),
      );
      expect(rows.some((row) => row.includes(`${gpu.id} ${(most / GiB).toFixed(1)}/`))).toBe(true);
    }
  });

  it('are ties only where they are marked', () => {
    expect(words(found(plans))).toContain('= is a tie with the fastest');
    expect(words(found([BEST, SECOND, { ...SECOND, rank: 3 }]))).toContain('= are ties with the fastest');
    const by = (objective: NonNullable<WhatIf['objective']>) => words(found(plans), { ...ALONE, objective });
    expect(by('tokens-per-dollar')).toContain('= is a tie with the cheapest a token: less than 5.0% apart');
    expect(by('memory')).toContain('= is a tie with plan 1: shares of GPU memory less than 5.0% apart');
    expect(words(found([BEST, THIRD]))).not.toContain('with the fastest:');
  });
});

describe('GPUs that the best plan leaves idle', () => {
  it.each([
    ['tp=8,pp=4,dp=1,groups=h100', '32 × a100-40-sxm.'],
    ['tp=8,pp=2,dp=1,groups=h100:16', '16 × h100-sxm, 32 × a100-40-sxm.'],
    ['tp=4,cp=2,pp=4,dp=1,groups=h100:16/a100-40:16', '16 × h100-sxm, 16 × a100-40-sxm.'],
  ])('of %s are counted: %s', (configuration, idle) => {
    expect(words(found([ranked(MIXED, configuration)]))).toContain(`Left idle by the best plan: ${idle}`);
  });

  it('are none where it uses all', () => {
    expect(words(found([BEST]))).not.toContain('idle');
  });
});

describe('the even split', () => {
  const even = (seconds: number) => words(found([BEST], { evenSplit: taking(seconds, BEST) }));
  const best = BEST.estimate.stepSeconds;

  it.each([
    [1.5, 'the best plan is 1.50× as fast'],
    [1.004, 'as fast as the best plan'],
    [0.8, '1.25× as fast as plan 1, which another objective puts first'],
  ])('that takes %d of the best: %s', (factor, verdict) => {
    expect(even(factor * best)).toContain(`: ${verdict}.`);
  });

  it('that cannot run says why', () => {
    expect(words(found([BEST], { evenSplit: LAW }))).toContain(
      'Even split: 90 GiB. Maybe more recomputation.',
    );
  });
});

describe('words of the table', () => {
  it('are said in a sentence each', () => {
    const text = words(found([BEST, SECOND]));
    expect(text).toContain('= is a tie with the fastest: less than 5.0% apart');
    expect(text).toContain('MFU: forward and backward of every token once, causal attention counted half');
    expect(text).toContain('Headroom: memory limits are what a GPU has, less 8.0% headroom');
  });

  it('name the plans that are tight, and none where none is', () => {
    const as = (verdict: 'tight' | 'fits', rank: number) => ({
      ...{ ...BEST, rank },
      estimate: { ...BEST.estimate, verdict },
    });
    const [one, both] = [
      [as('tight', 1), as('fits', 2)],
      [as('tight', 1), as('tight', 2)],
    ].map((plans) => words(found(plans)));
    expect(one).toContain('Tight: plan 1 is within 5.0% of the memory limit');
    expect(both).toContain('Tight: plans 1, 2 are within 5.0%');
    expect(words(found([as('fits', 1)]))).not.toContain('Tight:');
  });
});

describe('what may turn out worse', () => {
  const under = (id: string, share: number, fits = true) => ({
    ...{ id, name: `the ${id}`, fits },
    stepSeconds: share * BEST.estimate.stepSeconds,
  });
  const first = { ...BEST, disturbed: [under('network', 1.5), under('node', 1.1)] };
  const second = { ...SECOND, disturbed: [under('network', 1.3), under('memory', 1, false)] };
  const steady = {
    ...{ why: 'steady' as const, stepSeconds: BEST.estimate.stepSeconds / 1.03, configuration: 'tp=8' },
    ...{
      beyond: [] as readonly string[],
      rank: 2,
      costShare: 0.03,
      kinds: { first: ['TP'], fastest: ['TP', 'CP'] },
    },
    under: { id: 'network', name: 'the network', first: 10, fastest: 20, fastestFits: true },
  };

  it('stands in a column of its own, at its worst, also where the page is narrow', () => {
    const rows = tableOf(print(found([first, second])), '#').filter(([rank]) => /^\d/.test(rank!));
    expectShown(secondsIn(rows[0]![2]!), 1.5 * BEST.estimate.stepSeconds);
    expect(rows[1]![2]).toBe('no fit');
    expect(print(found([first, second]), ALONE, NARROW)).toMatch(/^#.* up to .*\n.*\n.*\n.*\n.*no fit/m);
    expect(words(found([first, second]))).toContain(
      'of 3 things that may turn out worse than stated, one at a time; here the network (plan 1), the memory (plan 2).',
    );
  });

  it('has a plan come first that is not the fastest: by how much, and why', () => {
    const said = (over: Partial<SteadyChoice>) =>
      words(found([first, second]), { ...ALONE, steady: { ...steady, ...over } });
    expect(said({})).toContain('Plan 1 takes 3.0% longer than plan 2, the fastest found');
    expect(said({})).toContain('because with the network it takes 10.0 s, the other 20.0 s; --rank fastest');
    expect(said({ why: 'simpler', under: null })).toContain(
      'fewer kinds of parallelism (TP; the other TP, CP)',
    );
    expect(said({ why: 'evidence', under: null })).toContain('because it rests on better evidence');
    const beyond = ['EP 256, measured up to 64'];
    expect(said({ why: 'evidence', under: null, beyond })).toContain(
      'no run was measured with degrees of the other (EP 256, measured up to 64)',
    );
    expect(said({})).toContain('nothing better than plan 2 exists in this space');
    const alone = { ...ALONE, steady: { ...steady, rank: null } };
    expect(words(found([first]), alone)).toContain('longer than the fastest found');
    const cheap = { ...ALONE, steady, objective: 'tokens-per-dollar' as const };
    expect(words(found([first]), { ...cheap, steady: { ...steady, rank: null } })).toContain(
      'nothing better than the cheapest found exists',
    );
    const sooner = { ...steady, why: 'sooner' as const, under: null, stepSeconds: 33 };
    expect(words(found([first, second]), { ...cheap, steady: sooner })).toMatch(
      /comes first because its step takes [\d.]+ m?s, that of the other 33\.0 s; --rank fastest/,
    );
    expect(words(found([first, second]), cheap)).toContain(
      'Plan 1 costs 3.0% more a token than plan 2, the cheapest found, which',
    );
  });
});

describe('how sure', () => {
  it('has the band of the best plan and its weakest figure', () => {
    const estimate = { ...BEST.estimate, band: 0.1234, weakestProvenance: 'fitted' as const };
    const text = words(found([{ ...BEST, estimate }, SECOND]));
    expect(text).toContain('about ±12.3%; weakest figure used: fitted.');
  });

  it('tells assumptions, or how many more there are', () => {
    const having = (n: number) => {
      const assumptions = Array.from({ length: n }, (_, i) => `number ${i}`);
      return words(found([{ ...BEST, estimate: { ...BEST.estimate, assumptions } }]));
    };
    const told = (text: string) => text.split('Assumed: ').length - 1;
    expect(told(having(8))).toBe(8);
    expect(having(8)).not.toContain('more assumptions');
    const more = Number(/And (\d+) more assumptions/.exec(having(11))![1]);
    expect(told(having(11)) + more).toBe(11);
  });
});

describe('the certificate', () => {
  const rejected = [
    { rule: 'memory', count: 4000, example: { configuration: 'tp=1', reason: LAW } },
    { rule: 'layers-per-chunk', count: 250, example: { configuration: 'pp=9', reason: LAW } },
  ];
  const cut: Certificate = {
    space: 12_345,
    rejected,
    boundedAway: 7000,
    evaluated: 95,
    left: 1000,
    optimal: false,
    gap: 0.0316,
    cutBy: 'time-limit',
  };
  const told = (certificate: Certificate, plans = [BEST]) => {
    const text = unwrapped(print(found(plans, { certificate }), ALONE, { ...WIDE, verbose: true }));
    return text.slice(text.indexOf('Searched '));
  };

  it('says that nothing is known where the bound is none', () => {
    const none = { ...cut, left: 0, cutBy: null, unproven: 3, gap: 1 };
    expect(told(none)).toContain(
      '3 may have a better layer cut; how much better a plan could be is not known.',
    );
  });

  it('accounts for every configuration', () => {
    const [space, ...counts] = [...told(cut).matchAll(/[\d,]*\d(?= )/g)].map(([n]) =>
      Number(n.replaceAll(',', '')),
    );
    expect(space).toBe(cut.space);
    expect(counts.reduce((a, b) => a + b, 0)).toBe(cut.space);
    for (const { rule, count } of rejected)
      expect(told(cut).replaceAll(',', '')).toContain(`${count} by ${rule}`);
  });

  it('keeps what was ruled out, and what solvers did, for --verbose', () => {
    const partition = {
      ...{ method: 'sweep' as const, objectiveSeconds: 1, groups: null, shares: null },
      check: { solver: 'a solver', status: 'optimal' as const, objectiveSeconds: 1, boundSeconds: 1 },
    };
    const result = found([{ ...BEST, partition }], { certificate: cut });
    const [short, long] = [false, true].map((verbose) =>
      unwrapped(print(result, ALONE, { ...WIDE, verbose })),
    );
    expect(short).toContain('Searched 11,345 of 12,345 configurations: cut by time-limit; at most 3.2%');
    expect(short).not.toMatch(/bounded|solver|Stage cut|by memory/);
    expect(long).toContain('Stage cut: sweep, checked by a solver: optimal.');
    const whole = words(found([BEST], { certificate: { ...SEARCHED, space: 12 } }));
    expect(whole).toContain('Searched all 12 configurations: nothing better exists in this space.');
  });

  it.each([
    [cut, 'cut by time-limit; at most 3.2% better is possible'],
    [{ ...cut, cutBy: null, unproven: 7 }, '7 may have a better layer cut; at most 3.2% better is possible'],
    [{ ...cut, gap: null }, 'cut by time-limit; no plan was found'],
    [SEARCHED, 'nothing better exists in this space'],
    [{ ...SEARCHED, evaluated: 0 }, 'the whole space was searched'],
  ])('of %j says what it proves', (certificate, verdict) => {
    expect(told(certificate)).toMatch(new RegExp(`: ${verdict}\\.`));
  });
});

describe('where nothing fits', () => {
  it('a search that was stopped at once blames no dimensions', () => {
    const certificate = { ...SEARCHED, rejected: [], optimal: false, left: 9, gap: null };
    const stopped = words(found([], { certificate: { ...certificate, cutBy: 'time-limit' } }));
    expect(stopped).toContain('The search was stopped before it had looked at anything.');
    expect(stopped).not.toContain('has these dimensions');
    expect(words(found([], { certificate: { ...certificate, cutBy: null } }))).toContain(
      'has these dimensions',
    );
  });

  const rejected = [{ rule: 'memory', count: 4000, example: { configuration: 'tp=1', reason: LAW } }];
  const certificate = { ...SEARCHED, rejected, evaluated: 0 };

  it('each rule is told with an example, its limit and advice', () => {
    const text = words(found([], { certificate }));
    expect(text).toContain('No configuration fits.');
    expect(text).toContain('4,000 × memory: e.g. tp=1: 90 GiB, limit 72 GiB. Maybe more recomputation.');
    expect(words(found([], { certificate: { ...certificate, cutBy: 'time-limit' } }))).toContain(
      'Nothing found yet: cut by time-limit.',
    );
  });

  it('the nearest miss is told with all that was chosen, what it lacks and what would mend it', () => {
    const { plan, estimate } = ranked(
      MIXED,
      'tp=4,pp=16,layers=5/5/5/5/5/5/5/5/5/9/5/5/4/4/4/4,recompute=full',
    );
    const text = words(
      found([], { nearestMiss: { plan, estimate, reason: LAW, remedy: 'fits with pp=99' } }),
    );
    expect(text).toContain(
      'Nearest miss: 64 = 4 TP × 16 PP, 1f1b, mbs 1, recompute full, sharding none: 90 GiB of 72 GiB; fits with pp=99.',
    );
  });

  it('one beside plans that fit says how fast it would be', () => {
    const near = ranked(MIXED, 'tp=4,pp=16,recompute=full');
    const nearestMiss = { ...near, reason: LAW, remedy: 'fits with pp=99' };
    expect(words(found([BEST], { nearestMiss }))).toContain(
      `Nearest miss, which would win if it fitted: ${formatSeconds(near.estimate.stepSeconds)} with 64 = 4 TP × 16 PP, 1f1b`,
    );
  });
});

describe('on the page', () => {
  const sparse = problemOf('deepseek-v3', 'h800-2048');
  const many = 'tp=1,pp=16,dp=128,ep=64,vpp=1,recompute=layernorm+mla_up_proj+moe_act,vocabulary=vocab-1';

  it.each([80, 140, 160])('no line is wider than %i columns', (columns) => {
    const style = { columns, color: false };
    const miss = { plan: BEST.plan, estimate: BEST.estimate, reason: LAW, remedy: 'fits with tp=99' };
    expectNarrow(print(found([BEST, SECOND, THIRD], { nearestMiss: miss }), ALONE, style), columns);
    expectNarrow(planTable(sparse, found([ranked(sparse, many)]), ALONE, style), columns);
  });
});
