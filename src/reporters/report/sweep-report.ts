import { devicesOf } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import type { RankedPlan } from '../../domain/search-result.ts';
import type { ScatterData, WhiskerData } from '../../page/report-data.ts';
import { planText } from '../../plan-text/text.ts';
import type { Origin } from '../../schema/estimate.ts';
import { formatInteger } from '../../units/format.ts';
import { problemWords } from '../plan-table.ts';
import { ROWS } from '../rank-words.ts';
import { sweepRows, TITLES } from '../sweep.ts';
import { budgetWords, type Sweep, sweepWords } from '../sweep-words.ts';
import { unitOf } from '../unit.ts';
import { madeWords } from './explain-report.ts';
import type { Cell, Page, Section } from './html.ts';

/** Each sweep as a picture and a table. */
export function sweepPage(problem: Problem, sweeps: readonly Sweep[], origin: Origin): Page {
  return {
    title: `${problem.model.name} on ${problem.cluster.name}`,
    subtitle: problemWords(problem),
    facts: [],
    sections: [
      ...sweeps.flatMap((sweep) => sectionsOf(problem, sweep)),
      { kind: 'lines', title: 'How to read them', lines: [ROWS[sweeps[0]!.rank]] },
    ],
    made: madeWords(origin),
  };
}

function sectionsOf(problem: Problem, sweep: Sweep): Section[] {
  const title = TITLES[sweep.kind];
  const found = sweep.points.flatMap(({ budget, plan }) => (plan === null ? [] : [{ budget, plan }]));
  const lines = sweepWords(problem, sweep);
  return [
    ...(found.length === 0 ? [] : [chartOf(sweep, found, title, unitOf(problem.model))]),
    {
      kind: 'table',
      title: `${title}: the plans`,
      note: 'Click a head to sort.',
      table: table(problem, sweep),
    },
    ...(lines.length === 0 ? [] : [{ kind: 'lines' as const, title: `${title}: what they say`, lines }]),
  ];
}

function chartOf(sweep: Sweep, found: Parameters<typeof curve>[1], title: string, unit: string): Section {
  return sweep.kind === 'what-if'
    ? { kind: 'chart', title: `${title}: ${unit} a second`, data: bars(sweep, unit) }
    : { kind: 'chart', title, data: curve(sweep, found) };
}

/** Step time against what a plan takes. */
function curve(
  sweep: Sweep,
  found: readonly { readonly budget: number; readonly plan: RankedPlan }[],
): ScatterData {
  const memory = sweep.kind === 'pareto-memory';
  return {
    kind: 'scatter',
    x: memory ? '% of the memory of the fullest GPU' : 'GPUs in use',
    y: 'seconds a step',
    series: [
      {
        name: 'best plans',
        front: true,
        points: found.map(({ budget, plan }) => ({
          name: budgetWords(sweep, budget),
          x: memory ? 100 * budget : devicesOf(plan.plan),
          y: plan.estimate.stepSeconds,
        })),
      },
    ],
  };
}

/** Of values that need not be numbers: each a bar, with how sure it is. */
function bars(sweep: Sweep, unit: string): WhiskerData {
  return {
    kind: 'whiskers',
    unit: `${unit} a second`,
    bars: sweep.points.flatMap(({ budget, plan }) => {
      if (plan === null) return [];
      const { tokensPerSecond: value, band } = plan.estimate;
      const [low, high] = [value / (1 + band), value * (1 + band)];
      return [{ name: budgetWords(sweep, budget), value, low, high, text: formatInteger(value) }];
    }),
  };
}

function table(problem: Problem, sweep: Sweep) {
  const { head, rows } = sweepRows(problem, sweep);
  return {
    head: [...head, '--config'].map((name, i) => ({ name, ...(i > 0 && i < 4 ? { right: true } : {}) })),
    rows: rows.map((row, at): Cell[] => {
      const { budget, plan } = sweep.points[at]!;
      const here = sweep.variants?.[budget]?.problem ?? problem;
      const sorts = plan === null ? [] : [at, plan.estimate.stepSeconds, plan.estimate.tokensPerSecond];
      return [
        ...row.map((text, i): Cell => ({ text, ...(sorts[i] === undefined ? {} : { sort: sorts[i] }) })),
        { text: plan === null ? '' : planText(here, plan.plan), code: true },
      ];
    }),
  };
}
