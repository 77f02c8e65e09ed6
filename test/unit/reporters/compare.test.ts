import { describe, expect, it } from 'vitest';
import { violations } from '../../../src/document/validator.ts';
import type { RankedPlan } from '../../../src/domain/search-result.ts';
import type { Outlook } from '../../../src/reliability/outlook.ts';
import { compareDocument, compareTable } from '../../../src/reporters/compare.ts';
import { compareCsv } from '../../../src/reporters/compare-csv.ts';
import type { Compared } from '../../../src/reporters/compared.ts';
import { purchaseJson } from '../../../src/reporters/purchase.ts';
import { SCHEMAS } from '../../../src/schema/index.ts';
import { DENSE, MIXED } from '../frameworks/fixture.ts';
import {
  expectNarrow,
  expectShown,
  found,
  LAW,
  NARROW,
  ranked,
  SEARCHED,
  secondsIn,
  tableOf,
  taking,
  UNEVEN,
  unwrapped,
  WIDE,
} from './fixture.ts';

const certificate = {
  ...SEARCHED,
  rejected: [{ rule: 'memory', count: 4000, example: { configuration: 'tp=1', reason: LAW } }],
};
const BEST = ranked(MIXED, UNEVEN);
const one = (best: RankedPlan | null, dollarsPerHour: number | null = null): Compared => ({
  problem: MIXED,
  result: best === null ? found([], { certificate }) : found([best]),
  prices: [],
  dollarsPerHour,
  launchers: [],
  worths: [],
  rank: 'steady',
  pays: 'all',
  outlook: null,
});
const within = (band: number, seconds: number) => {
  const plan = taking(seconds, BEST);
  return one({ ...plan, estimate: { ...plan.estimate, band } });
};
const clusters = (...all: Compared[]) => compareDocument(all, '0').clusters;

describe('a cluster whose search was stopped', () => {
  const stopped = (best: RankedPlan | null, cutBy: string, gap: number | null): Compared => ({
    ...one(best),
    result: found(best === null ? [] : [best], { certificate: { ...SEARCHED, cutBy, gap, optimal: false } }),
  });

  it.each([
    [
      stopped(BEST, 'time-limit', 0.04),
      `Out of time on ${MIXED.cluster.name}: its best so far; at most 4.0% better`,
    ],
    [stopped(BEST, 'interrupt', null), 'its best so far; how much better a plan could be is not known.'],
    [stopped(null, 'interrupt', null), `Interrupted on ${MIXED.cluster.name}: nothing was found so far.`],
  ])('%#: says so', (all, words) => {
    expect(unwrapped(compareTable([one(BEST), all], NARROW))).toContain(words);
    const document = compareDocument([one(BEST), all], '0');
    const { cutBy: by, gap } = all.result.certificate;
    expect(document.clusters.map(({ cut }) => cut)).toEqual([null, { by, gap }]);
    expect(violations(SCHEMAS.compare!, document)).toEqual([]);
  });

  it('is not said to hold nothing that fits', () => {
    expect(compareTable([stopped(null, 'time-limit', null)], WIDE)).toContain('nothing found');
    expect(compareTable([one(null)], WIDE)).toContain('nothing fits');
  });
});

describe('clusters beside one another', () => {
  it('are measured against the first', () => {
    const ratios = clusters(within(0.1, 10), within(0.1, 5), within(0.1, 25)).map((c) => c.ratioToFirst!);
    for (const [i, ratio] of [1, 2, 0.4].entries()) expect(ratios[i]).toBeCloseTo(ratio, 12);
  });

  it('tie within the wider of their bands, faster and slower, and never the first with itself', () => {
    const tied = (...all: Compared[]) => clusters(...all).map((c) => c.tiedWithFirst);
    const first = within(0.1, 10);
    expect(tied(first, within(0.1, 10.9), within(0.1, 9.2))).toEqual([false, true, true]);
    expect(tied(first, within(0.1, 11.1), within(0.1, 9))).toEqual([false, false, false]);
    expect(tied(first, within(0.3, 12.9))).toEqual([false, true]);
    expect(tied(within(0.3, 10), within(0.1, 12.9))).toEqual([false, true]);
  });

  it('have dollars a token: dollars an hour over tokens an hour', () => {
    const [priced, unpriced] = clusters(one(BEST, 250), one(BEST));
    const { sequenceLength, globalBatchSize } = MIXED.workload;
    const tokensPerHour = (3600 * sequenceLength * globalBatchSize) / BEST.estimate.stepSeconds;
    expect(priced!.dollarsPerMillionTokens! / (250 / (tokensPerHour / 1e6))).toBeCloseTo(1, 12);
    expect(unpriced!.dollarsPerMillionTokens).toBeNull();
  });

  it('where nothing fits have the reason, and nobody is measured against them', () => {
    const [empty, other] = clusters(one(null), one(BEST, 250));
    expect(empty).toMatchObject({ best: null, reason: LAW, tokensPerSecond: null, tiedWithFirst: false });
    expect(other).toMatchObject({ ratioToFirst: null, tiedWithFirst: false });
  });
});

describe('the table', () => {
  const dense = { ...one(ranked(DENSE, 'tp=8,pp=4,dp=2'), 160), problem: DENSE };
  const all = [one(BEST, 250), dense, within(0.5, 120)];
  const rows = tableOf(compareTable(all, WIDE), 'cluster');

  it('has the figures of the document', () => {
    const document = compareDocument(all, '0');
    expect(violations(SCHEMAS.compare!, document)).toEqual([]);
    for (const [i, [name, gpus, step, tokens, ratio, dollars]] of rows.entries()) {
      const known = document.clusters[i]!;
      expect(name).toBe(known.cluster);
      expect(gpus).toBe(`64/${known.gpus}`);
      expectShown(secondsIn(step!), known.best!.stepTimeSeconds);
      expect(Number(tokens!.replaceAll(',', ''))).toBe(Math.round(known.tokensPerSecond!));
      expectShown(Number.parseFloat(ratio!), known.ratioToFirst!);
      expect(ratio!.endsWith(' tie')).toBe(known.tiedWithFirst);
      if (known.dollarsPerMillionTokens == null) expect(dollars).toBe('?');
      else expectShown(Number(dollars!.slice(1)), known.dollarsPerMillionTokens);
    }
    expect(rows.map(([, , , , ratio]) => ratio!.includes('tie'))).toEqual([false, false, true]);
  });

  it('has no ratio to a cluster on which nothing fits', () => {
    const [empty, other] = tableOf(compareTable([one(null), one(BEST, 250)], NARROW), 'cluster');
    expect(empty).toEqual([MIXED.cluster.name, '64', 'nothing fits']);
    expect(other![4]).toBe('?');
  });

  it.each([80, 120])('is no wider than %i columns', (columns) => {
    expectNarrow(compareTable(all, { columns, color: false }), columns);
  });
});

describe('the bill of a run', () => {
  const asked = (tokens: number) => ({ tokens, limits: { seconds: null, dollars: null } });
  const price = {
    group: 'h100',
    gpuType: 'h100-sxm',
    gpus: 64,
    dollarsPerGpuHour: 2.5,
    source: 'flag',
    power: { gpuWatts: 700, source: 'datasheet', hostShare: 0.5, pue: 2, assumed: ['pue'] },
  } as const;
  const owned = {
    ...price,
    dollarsPerGpuHour: 1.25,
    source: 'own',
    owned: {
      ...{ dollarsPerGpu: 35_064, years: 4, used: 0.9, dollarsPerKwh: 0.1, capital: 1, energy: 0.25 },
      rentedDollarsPerGpuHour: 3.5,
    },
  } as const;
  const priced = (compared: Compared): Compared => ({
    ...compared,
    prices: [price],
    launchers: ['megatron'],
  });
  const all = [
    priced(one(BEST, 160)),
    priced(one(taking(2 * BEST.estimate.stepSeconds, BEST), 160)),
    one(null),
  ];

  it('is of the tokens a second in the table, and conforms to the schema', () => {
    const document = compareDocument(all, '0', asked(15e12));
    expect(violations(SCHEMAS.compare!, document)).toEqual([]);
    const [first, second, ...none] = document.purchase!.offers;
    expect(none).toEqual([]);
    const hours = 15e12 / document.clusters[0]!.tokensPerSecond! / 3600;
    expect(first!.days).toBeCloseTo(hours / 24, 6);
    expect(first!.dollars! / (hours * 160)).toBeCloseTo(1, 12);
    expect(
      first!.dollarsPerBillionTokens! / (document.clusters[0]!.dollarsPerMillionTokens! * 1e3),
    ).toBeCloseTo(1, 12);
    expect(second).toMatchObject({ dominatedBy: MIXED.cluster.name, tiedWithCheapest: false });
  });

  it('is one line of comma-separated values for each cluster', () => {
    const [head, first, , none, end, ...rest] = compareCsv(compareDocument(all, '0', asked(15e12))).split(
      '\n',
    );
    expect([end, rest]).toEqual(['', []]);
    const columns = head!.split(',');
    const cell = (line: string, name: string) => line.split(',')[columns.indexOf(name)];
    expect(cell(first!, 'cluster')).toBe(MIXED.cluster.name);
    expect(Number(cell(first!, 'stepTimeSeconds'))).toBe(BEST.estimate.stepSeconds);
    expect([cell(first!, 'gpus'), cell(first!, 'gpusInUse')]).toEqual(['64', '64']);
    expect(cell(none!, 'stepTimeSeconds')).toBe('');
    const { problem } = all[0]!;
    const odd = { ...all[0]!, problem: { ...problem, cluster: { ...problem.cluster, name: 'a "b", c' } } };
    expect(compareCsv(compareDocument([odd], '0'))).toContain('\n"a ""b"", c",64,');
  });

  it('has the energy of all GPUs that are paid for', () => {
    const { days, megawattHours } = compareDocument(all, '0', asked(15e12)).purchase!.offers[0]!;
    // 64 GPUs of 700 W, half as much for hosts, twice that for the site: 134.4 kW.
    expect(megawattHours / (days * 24 * 0.1344)).toBeCloseTo(1, 12);
    expect(unwrapped(compareTable(all, WIDE, asked(15e12)))).toContain(
      'Energy: all GPUs of a cluster at their power limit, h100-sxm 700 W (data sheet); 50.0% more for hosts, PUE 2.00 (assumed:',
    );
  });

  it('says what an hour of GPUs that are owned is made of', () => {
    const bought = { ...one(BEST, 80), prices: [owned] };
    expect(unwrapped(compareTable([bought], WIDE, asked(15e12)))).toContain(
      '64 × h100-sxm owned, $2.24M to buy, at $1.25 a GPU-hour ($1.00 of $35.1k over 4 years, 90.0% of its hours used and $0.25 of 2.10 kW at $0.1 a kWh; rented it would be $3.50)',
    );
    expect(violations(SCHEMAS.compare!, compareDocument([bought], '0', asked(15e12)))).toEqual([]);
  });

  it('takes the long run where failures are known', () => {
    const outlook = { tokensPerSecond: BEST.estimate.tokensPerSecond / 2, goodput: 0.5 } as Outlook;
    const [sure] = compareDocument([one(BEST, 160)], '0', asked(1e12)).purchase!.offers;
    const failing = purchaseJson([{ ...one(BEST, 160), outlook }], asked(1e12)).offers[0]!;
    expect(failing.days / sure!.days).toBeCloseTo(2, 12);
    expect(failing.dollars! / sure!.dollars!).toBeCloseTo(2, 12);
    expect(failing.goodput).toBe(0.5);
  });

  it('says of which cluster something is assumed of failures, where not of all', () => {
    const failing = (name: string, ...assumptions: string[]): Compared => ({
      ...one(BEST, 160),
      problem: { ...MIXED, cluster: { ...MIXED.cluster, name } },
      outlook: { tokensPerSecond: 1, goodput: 0.5, assumptions } as unknown as Outlook,
    });
    const text = unwrapped(
      compareTable([failing('a', 'a spare', '1 GB/s'), failing('b', 'a spare', '2 GB/s')], WIDE),
    );
    expect(text).toContain('Assumed of failures: a spare.');
    expect(text).toContain('Assumed of failures on a: 1 GB/s.');
    expect(text).toContain('Assumed of failures on b: 2 GB/s.');
  });

  it.each([NARROW, WIDE])('says what each row rests on and ends in the verdict', (style) => {
    const text = compareTable(all, style, asked(15e12));
    expectNarrow(text, style.columns);
    const { estimate } = BEST;
    const read = unwrapped(text);
    expect(read).toContain('64 × h100-sxm at $2.50 a GPU-hour (--price); fullest stage ');
    expect(read).toContain(`weakest figure ${estimate.weakestProvenance}`);
    expect(read).toContain('launched by megatron');
    expect(read).toContain('nothing interrupts');
    expect(read).toContain(
      `Leave out ${MIXED.cluster.name}: ${MIXED.cluster.name} is done sooner and costs less.`,
    );
    expect(
      text
        .trimEnd()
        .split('\n')
        .some((line) => line.startsWith('Verdict: ')),
    ).toBe(true);
    expect(read.trimEnd()).toMatch(/Verdict: rent [^.]*\..*$/);
  });

  it('is not there unasked', () => {
    expect(compareDocument(all, '0').purchase).toBeUndefined();
    expect(compareTable(all, WIDE)).not.toMatch(/Verdict|days/);
  });
});
