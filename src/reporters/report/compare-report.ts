import { deviceCount } from '../../domain/cluster.ts';
import type { StageSeats } from '../../domain/explanation.ts';
import { devicesOf } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import type { WhiskerData } from '../../page/report-data.ts';
import { arithmetic } from '../../plan-text/degrees.ts';
import { planText } from '../../plan-text/text.ts';
import { digits, formatInteger, formatPercent, formatSeconds } from '../../units/format.ts';
import { certificateWords } from '../certificate.ts';
import { comparedLines } from '../compare.ts';
import { otherPlans, paidWords } from '../compare-plans.ts';
import type { Compared } from '../compared.ts';
import { worthLines } from '../group-worth.ts';
import { problemWords } from '../plan-table.ts';
import { type AskedBill, purchaseBlock } from '../purchase.ts';
import { millionWords, unitOf } from '../unit.ts';
import { fullest, memoryWords } from '../words.ts';
import { clusterPicture } from './cluster-picture.ts';
import type { Cell, Page, Section } from './html.ts';

/** A cluster with who serves what in its best plan; none where nothing fits. */
export interface ComparedSeats {
  readonly compared: Compared;
  readonly seats: readonly StageSeats[];
}

/** Clusters side by side: speed and money as bars, each with how sure it is; then each cluster as a picture. */
export function comparePage(
  all: readonly ComparedSeats[],
  toolVersion: string,
  asked: AskedBill | null = null,
): Page {
  const lines = comparedLines(all.map(({ compared }) => compared));
  const [{ problem }] = [all[0]!.compared];
  const fastest = lines.reduce((a, b) => ((b.tokensPerSecond ?? 0) > (a.tokensPerSecond ?? 0) ? b : a));
  const priced = lines.filter((one) => one.dollarsPerMillionTokens !== null);
  const cheapest = priced.reduce<(typeof lines)[number] | null>(
    (a, b) => (a === null || b.dollarsPerMillionTokens! < a.dollarsPerMillionTokens! ? b : a),
    null,
  );
  const nameOf = ({ compared }: (typeof lines)[number]) => compared.problem.cluster.name;
  return {
    title: `${problem.model.name} on ${lines.map(nameOf).join(', ')}`,
    subtitle: problemWords(problem).replace(/^.*?, (?=.*(?:sequence|batch) )/, ''),
    facts: [
      ...(fastest.tokensPerSecond === null ? [] : [{ name: 'the fastest', value: nameOf(fastest) }]),
      ...(cheapest === null
        ? []
        : [
            {
              name: `the cheapest a ${unitOf(problem.model).slice(0, -1)}`,
              value: [cheapest, ...tiesOf(cheapest, priced)].map(nameOf).join(', or as much '),
            },
          ]),
    ],
    sections: [
      {
        kind: 'table',
        title: 'Clusters',
        note: `Click a head to sort. A tie is closer than the model can tell. ${paidWords(all.map(({ compared }) => compared))}`,
        table: { head: headOf(problem), rows: lines.map(rowOf) },
      },
      ...othersSection(all),
      ...worthSection(all),
      ...(asked === null ? [] : billSections(all, asked)),
      ...bars(
        problem.model.unit === undefined ? 'Tokens a second' : 'Samples a second',
        lines,
        ({ tokensPerSecond }) => tokensPerSecond,
        formatInteger,
      ),
      ...bars(
        `US dollars for a million ${unitOf(problem.model)}`,
        lines,
        ({ dollarsPerMillionTokens }) => dollarsPerMillionTokens,
        (value) => `$${digits(value)}`,
      ),
      ...all.map(
        ({ compared: { problem: one }, seats }): Section => ({
          kind: 'picture',
          title: `${one.cluster.name}, and who serves which stage`,
          markup: clusterPicture(one.cluster, seats),
        }),
      ),
      {
        kind: 'lines',
        title: 'Certificates and assumptions',
        lines: all.flatMap(({ compared: { problem: one, result } }) => [
          `${one.cluster.name}: ${certificateWords(one, result)}`,
          ...(result.plans[0]?.estimate.assumptions ?? []).map(
            (text) => `${one.cluster.name}, assumed: ${text}.`,
          ),
        ]),
      },
    ],
    made: `shardwright ${toolVersion}`,
  };
}

function othersSection(all: readonly ComparedSeats[]): Section[] {
  const { head, rows } = otherPlans(all.map(({ compared }) => compared));
  if (rows.length === 0) return [];
  const [, ...others] = head;
  return [
    {
      kind: 'table',
      title: 'Other plans',
      table: {
        head: ['cluster', ...others].map((name) => ({ name })),
        rows: rows.map((row) => row.map((text, i) => ({ text, ...(i === 5 ? { code: true } : {}) }))),
      },
    },
  ];
}

function worthSection(all: readonly ComparedSeats[]): Section[] {
  const lines = worthLines(all.map(({ compared }) => compared));
  return lines.length === 0 ? [] : [{ kind: 'lines', title: 'What each node group brings', lines }];
}

/** The bill for so many tokens, what it rests on, and the verdict. */
function billSections(all: readonly ComparedSeats[], asked: AskedBill): Section[] {
  const { head, rows, lines } = purchaseBlock(
    all.map(({ compared }) => compared),
    asked,
  );
  return [
    {
      kind: 'table',
      title: 'The bill',
      table: {
        head: head.map((name) => ({ name })),
        rows: rows.map((row) => row.map((text) => ({ text }))),
      },
    },
    { kind: 'lines', title: 'What the bill rests on, and the verdict', lines },
  ];
}

/** Others that the model cannot tell from the cheapest. */
function tiesOf(cheapest: Line, priced: readonly Line[]): Line[] {
  const band = ({ compared }: Line) => compared.result.plans[0]!.estimate.band;
  return priced.filter(
    (one) =>
      one !== cheapest &&
      one.dollarsPerMillionTokens! / cheapest.dollarsPerMillionTokens! <=
        1 + Math.max(band(one), band(cheapest)),
  );
}

type Line = ReturnType<typeof comparedLines>[number];

const headOf = ({ model }: Problem) => [
  { name: 'cluster' },
  { name: 'GPUs used', right: true },
  { name: 'step', right: true },
  { name: '±', right: true },
  { name: `${unitOf(model)}/s`, right: true },
  { name: 'against the first', right: true },
  { name: '$/h', right: true },
  { name: millionWords(model), right: true },
  { name: 'peak / limit GiB' },
  { name: 'weakest figure' },
  { name: 'best plan' },
  { name: '--config' },
];

function rowOf(line: Line): Cell[] {
  const { compared, tokensPerSecond, ratio, tied, dollarsPerMillionTokens } = line;
  const { problem, result, dollarsPerHour } = compared;
  const { cluster } = problem;
  const best = result.plans[0];
  const name: Cell = { text: cluster.name };
  if (best === undefined || tokensPerSecond === null)
    return [
      name,
      { text: `0 of ${deviceCount(cluster)}`, sort: 0 },
      { text: 'nothing fits' },
      ...headOf(problem)
        .slice(3)
        .map(() => ({ text: '' })),
    ];
  const { plan, estimate } = best;
  const { memory } = fullest(estimate.stages);
  const money = (value: number | null): Cell =>
    value === null ? { text: 'no price' } : { text: `$${digits(value)}`, sort: value };
  return [
    name,
    { text: `${devicesOf(plan)} of ${deviceCount(cluster)}`, sort: devicesOf(plan) },
    { text: formatSeconds(estimate.stepSeconds), sort: estimate.stepSeconds },
    { text: formatPercent(estimate.band), sort: estimate.band },
    { text: formatInteger(tokensPerSecond), sort: tokensPerSecond },
    ratio === null ? { text: '?' } : { text: `${digits(ratio)}×${tied ? ', a tie' : ''}`, sort: ratio },
    money(dollarsPerHour),
    money(dollarsPerMillionTokens),
    { text: memoryWords(problem, estimate).join(', '), sort: memory.deviceBytes / memory.limitBytes },
    { text: estimate.weakestProvenance },
    { text: arithmetic(plan) },
    { text: planText(problem, plan), code: true },
  ];
}

/** A bar a cluster that has the figure, its whiskers as far as the error of its step time reaches. */
function bars(
  title: string,
  lines: readonly Line[],
  of: (line: Line) => number | null,
  words: (value: number) => string,
): Section[] {
  const known = lines.flatMap((line): WhiskerData['bars'][number][] => {
    const value = of(line);
    const best = line.compared.result.plans[0];
    if (value === null || best === undefined) return [];
    const { band } = best.estimate;
    const [low, high] = [value / (1 + band), value * (1 + band)];
    return [
      {
        name: line.compared.problem.cluster.name,
        value,
        low,
        high,
        text: `${words(value)}, from ${words(low)} to ${words(high)}`,
      },
    ];
  });
  if (known.length === 0) return [];
  return [
    {
      kind: 'chart',
      title,
      note: 'Whiskers: as far as the expected error of the step time reaches.',
      data: { kind: 'whiskers', unit: '', bars: known },
    },
  ];
}
