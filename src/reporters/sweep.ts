import { devicesOf } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { RankedPlan } from '../domain/search-result.ts';
import { keptFree } from '../evaluate/memory/limit-words.ts';
import { arithmetic } from '../plan-text/degrees.ts';
import type { Origin } from '../schema/estimate.ts';
import type { SweepDocument } from '../schema/sweep.ts';
import type { SweepPoint } from '../search/sweep.ts';
import { formatInteger, formatPercent, formatSeconds } from '../units/format.ts';
import { wrap } from '../units/wrap.ts';
import { fitting, grid, type Style } from './paint.ts';
import { fastestJson, ROWS } from './rank-words.ts';
import { rankedJson } from './ranked-json.ts';
import { budgetWords, type Sweep, sweepWords, usedGpus, usedWords } from './sweep-words.ts';
import { unitOf } from './unit.ts';
import { memoryWords, techniqueWords } from './words.ts';

export function sweepTable(problem: Problem, sweeps: readonly Sweep[], style: Style): string {
  const { reservedBytes, headroomBytes } = problem.workload;
  const limit =
    reservedBytes === undefined && headroomBytes === undefined
      ? []
      : [`Limits: GPU memory less ${keptFree(problem.workload)}.`];
  const notes = [...limit, ROWS[sweeps[0]!.rank]].map((line) => wrap(line, style.columns)).join('\n');
  return `${[...sweeps.map((sweep) => block(problem, sweep, style)), notes].join('\n\n')}\n`;
}

export const TITLES = {
  gpus: 'Best plan with at most so many GPUs',
  'pareto-memory': 'Step time against the share of GPU memory in use',
  'pareto-gpus': 'Step time against GPUs in use',
  'what-if': 'Best plan, what if',
} as const;

/** What the budgets of a sweep are. */
const BUDGETS = { gpus: 'GPUs', 'pareto-memory': 'memory', 'pareto-gpus': 'GPUs' } as const;

/** What each budget brings, as tables have it. */
export function sweepRows(
  problem: Problem,
  sweep: Sweep,
): { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] } {
  const { kind, points, variants } = sweep;
  // Of memory the last is the fastest, of GPUs the first has the fewest.
  const measure = (kind === 'pareto-memory' ? points.at(-1) : points.find(({ plan }) => plan !== null))?.plan;
  const perGpu = (one: RankedPlan) => one.estimate.tokensPerSecond / devicesOf(one.plan);
  const rows = points.map(({ budget, plan }) => {
    const named = budgetWords(sweep, budget);
    if (plan === null) return [named, 'nothing fits', '', '', '', '', '', ''];
    const here = variants?.[budget]?.problem ?? problem;
    return [
      named,
      formatSeconds(plan.estimate.stepSeconds),
      formatInteger(plan.estimate.tokensPerSecond),
      formatPercent(perGpu(plan) / perGpu(measure!)),
      usedWords(here, plan).join(' + '),
      arithmetic(plan.plan),
      techniqueWords(here, plan.plan),
      memoryWords(here, plan.estimate).join('\n'),
    ];
  });
  const head = [
    kind === 'what-if' ? variants![0]!.key : BUDGETS[kind],
    'step',
    `${unitOf(problem.model)}/s`,
    'per GPU',
    'in use',
    'how',
    'techniques',
    'peak / limit GiB',
  ];
  return { head, rows };
}

function block(problem: Problem, sweep: Sweep, style: Style): string {
  const { head, rows } = sweepRows(problem, sweep);
  const table = (columns: number) =>
    grid(
      head.slice(0, columns),
      rows.map((row) => row.slice(0, columns)),
      [0, 1, 2, 3],
    );
  const [whole, brief, least] = [table(8), table(6), table(5)];
  const shown = style.columns < 120 ? [brief, least] : [whole, brief, least];
  return [
    TITLES[sweep.kind],
    ...(rows.length === 0 ? [] : [fitting(style.columns, ...shown)]),
    ...sweepWords(problem, sweep).map((line) => wrap(line, style.columns)),
  ].join('\n');
}

/** The shardwright.sweep/1 document. */
export function sweepDocument(problem: Problem, sweeps: readonly Sweep[], origin: Origin): SweepDocument {
  return {
    schema: 'shardwright.sweep/1',
    ...origin,
    sweeps: sweeps.map((sweep) => sweepJson(problem, sweep)),
  };
}

function sweepJson(
  problem: Problem,
  { kind, points, cut, variants }: Sweep,
): SweepDocument['sweeps'][number] {
  const pointJson = ({
    budget,
    plan,
    fastest,
  }: SweepPoint): SweepDocument['sweeps'][number]['points'][number] => {
    const variant = variants?.[budget];
    const here = variant?.problem ?? problem;
    return {
      budget,
      ...(variant === undefined ? {} : { value: variant.value }),
      gpus: plan === null ? [] : usedGpus(here, plan),
      plan: plan === null ? null : rankedJson(here, plan),
      ...(fastest === undefined ? {} : { fastest: fastestJson(here, fastest) }),
    };
  };
  return {
    kind,
    ...(variants === undefined ? {} : { quantity: variants[0]!.key }),
    points: points.map(pointJson),
    cut,
  };
}
