import type { Explanation } from '../../domain/explanation.ts';
import { devicesOf } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import type { RankedPlan, SearchResult, WhatIf } from '../../domain/search-result.ts';
import { worstOf } from '../../domain/step-range.ts';
import type { ScatterData } from '../../page/report-data.ts';
import { arithmetic } from '../../plan-text/degrees.ts';
import { planText } from '../../plan-text/text.ts';
import type { Origin } from '../../schema/estimate.ts';
import { formatInteger, formatPercent, formatSeconds } from '../../units/format.ts';
import { GiB } from '../../units/quantity.ts';
import { certificateWords } from '../certificate.ts';
import { planNotes } from '../plan-notes.ts';
import { expert, problemWords, rank } from '../plan-table.ts';
import { worstWords } from '../steady.ts';
import { drawnWords } from '../text-timeline.ts';
import { unitOf } from '../unit.ts';
import {
  fullest,
  layersWords,
  memoryWords,
  microBatchWords,
  scheduleWords,
  techniqueWords,
} from '../words.ts';
import { planCharts } from './charts.ts';
import { madeWords, planFacts, restsOn, servingSections } from './explain-report.ts';
import type { Cell, Page, Section } from './html.ts';

/** Ranked plans, and the best of them in pictures. `explanation`: of the best; null where there is none. */
export function planPage(
  problem: Problem,
  result: SearchResult,
  beside: WhatIf,
  explanation: Pick<Explanation, 'timeline' | 'busyShares' | 'seats'> | null,
  origin: Origin,
): Page {
  const [best] = result.plans;
  const certificate: Section = {
    kind: 'lines',
    title: 'Certificate',
    lines: [certificateWords(problem, result, beside)],
  };
  const head = {
    title: `${problem.model.name} on ${problem.cluster.name}`,
    subtitle: problemWords(problem),
    made: madeWords(origin),
  };
  if (best === undefined || explanation === null)
    return {
      ...head,
      facts: [],
      sections: [{ kind: 'lines', title: 'No plan', lines: [nothingLine(result)] }, certificate],
    };
  return {
    ...head,
    facts: planFacts(problem, best.estimate),
    sections: [
      {
        kind: 'table',
        title: 'Plans',
        note: 'Click a head to sort. = is a tie with the best: closer than the model can tell.',
        table: ranking(problem, result),
      },
      { kind: 'lines', title: 'Beside them', lines: planNotes(problem, result, beside) },
      ...frontSections(problem, result),
      ...planCharts(problem, best.estimate, explanation.timeline, drawnWords(explanation.timeline)).map(
        (section) => ({
          ...section,
          title: `${section.title}: plan ${best.rank}`,
        }),
      ),
      ...servingSections(problem, explanation),
      certificate,
      { kind: 'lines', title: 'What it rests on', lines: restsOn(best.estimate) },
    ],
  };
}

function nothingLine({ nearestMiss, excluded }: SearchResult): string {
  if (excluded !== undefined) return `${excluded.by}: ${excluded.reason.actual}; ${excluded.reason.limit}`;
  return nearestMiss === null
    ? 'Nothing fits.'
    : `Nothing fits; the nearest miss: ${nearestMiss.reason.actual} of ${nearestMiss.reason.limit}; ${nearestMiss.remedy}`;
}

const headOf = ({ model }: Problem) => [
  { name: '#', right: true },
  { name: 'step', right: true },
  { name: 'up to', right: true },
  { name: '±', right: true },
  { name: `${unitOf(model)}/s`, right: true },
  { name: 'MFU', right: true },
  { name: 'GPUs', right: true },
  { name: 'degrees' },
  { name: 'schedule' },
  { name: 'micro-batch' },
  { name: 'techniques' },
  { name: 'layers' },
  { name: 'peak / limit GiB' },
  { name: '--config' },
];

/** In the worst disturbance; what does not fit stands last. */
function upTo(one: RankedPlan): Cell {
  const { estimate, disturbed } = one;
  const words = worstWords(one);
  if (words === null || disturbed === undefined) return { text: '' };
  const worst = worstOf(estimate.stepSeconds, disturbed);
  const seconds = worst?.fits === false ? Number.MAX_VALUE : (worst?.stepSeconds ?? estimate.stepSeconds);
  return { text: words, sort: seconds };
}

function ranking(problem: Problem, { plans, evenSplit }: SearchResult) {
  const row = (one: RankedPlan, name: string, order: number): Cell[] => {
    const { plan, estimate } = one;
    const { memory } = fullest(estimate.stages);
    return [
      { text: name, sort: order },
      { text: formatSeconds(estimate.stepSeconds), sort: estimate.stepSeconds },
      upTo(one),
      { text: formatPercent(estimate.band), sort: estimate.band },
      { text: formatInteger(estimate.tokensPerSecond), sort: estimate.tokensPerSecond },
      { text: formatPercent(estimate.mfu), sort: estimate.mfu },
      { text: `${devicesOf(plan)}`, sort: devicesOf(plan) },
      { text: arithmetic(plan) + expert(one) },
      { text: scheduleWords(plan) },
      { text: microBatchWords(plan) },
      { text: techniqueWords(problem, plan) },
      { text: layersWords(plan) },
      { text: memoryWords(problem, estimate).join(', '), sort: memory.deviceBytes / memory.limitBytes },
      { text: planText(problem, plan), code: true },
    ];
  };
  return {
    head: headOf(problem),
    rows: [
      ...plans.map((one) => row(one, rank(one), one.rank)),
      ...('rule' in evenSplit ? [] : [row(evenSplit, 'even split', plans.length + 1)]),
    ],
  };
}

/** Step time of each row against what it takes: memory, and GPUs where rows differ in them. */
function frontSections(problem: Problem, { plans, evenSplit }: SearchResult): Section[] {
  const even = 'rule' in evenSplit ? [] : [evenSplit];
  const series = (of: (one: RankedPlan) => number): ScatterData['series'] => {
    const point = (name: string) => (one: RankedPlan) => ({ name, x: of(one), y: one.estimate.stepSeconds });
    const ranked = plans.map((one) => point(rank(one))(one));
    return [
      { name: 'plans', front: false, points: ranked },
      { name: 'the front of them', front: true, points: frontOf(ranked) },
      ...(even.length === 0 ? [] : [{ name: 'even split', front: false, points: even.map(point('even')) }]),
    ];
  };
  const memory: Section = {
    kind: 'chart',
    title: 'Step time against memory',
    note: `The fullest GPU of each plan. ${problem.cluster.groups.length > 1 ? 'Of its own limit: GPU types differ.' : ''}`.trim(),
    data: {
      kind: 'scatter',
      x: problem.cluster.groups.length > 1 ? 'share of the limit, %' : 'peak memory of a GPU, GiB',
      y: 'step, s',
      series: series(({ estimate }) => {
        const { deviceBytes, limitBytes } = fullest(estimate.stages).memory;
        return problem.cluster.groups.length > 1 ? (100 * deviceBytes) / limitBytes : deviceBytes / GiB;
      }),
    },
  };
  const counts = new Set([...plans, ...even].map(({ plan }) => devicesOf(plan)));
  if (counts.size < 2) return [memory];
  const gpus: Section = {
    kind: 'chart',
    title: 'Step time against GPUs',
    data: { kind: 'scatter', x: 'GPUs', y: 'step, s', series: series(({ plan }) => devicesOf(plan)) },
  };
  return [memory, gpus];
}

interface Point {
  readonly name: string;
  readonly x: number;
  readonly y: number;
}

/** Points that no other beats in both. */
function frontOf(points: readonly Point[]): Point[] {
  return points
    .filter((a) => !points.some((b) => b !== a && b.x <= a.x && b.y <= a.y && (b.x < a.x || b.y < a.y)))
    .sort((a, b) => a.x - b.x);
}
