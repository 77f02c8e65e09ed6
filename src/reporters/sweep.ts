import { devicesOf } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { keptFree } from '../evaluate/memory/limit-words.ts';
import { arithmetic } from '../plan-text/degrees.ts';
import type { Origin } from '../schema/estimate.ts';
import type { SweepDocument } from '../schema/sweep.ts';
import type { SweepPoint } from '../search/sweep.ts';
import { digits, formatInteger, formatPercent, formatSeconds } from '../units/format.ts';
import { wrap } from '../units/wrap.ts';
import { fitting, grid, type Style } from './paint.ts';
import { rankedJson } from './plan-json.ts';
import { memoryWords, techniqueWords } from './words.ts';

export interface Sweep {
  readonly kind: 'gpus' | 'pareto-memory' | 'pareto-gpus';
  readonly points: readonly SweepPoint[];
}

/** Doubling the GPUs should bring at least this factor to be said to pay. */
const PAYS = 1.5;

export function sweepTable(problem: Problem, sweeps: readonly Sweep[], style: Style): string {
  const { reservedBytes, headroomBytes } = problem.workload;
  const limit =
    reservedBytes === undefined && headroomBytes === undefined
      ? []
      : [wrap(`Limits: GPU memory less ${keptFree(problem.workload)}, or the share.`, style.columns)];
  return `${[...sweeps.map((sweep) => block(problem, sweep, style)), ...limit].join('\n\n')}\n`;
}

const TITLES = {
  gpus: 'Best plan by most GPUs',
  'pareto-memory': 'Step time against the share of GPU memory in use',
  'pareto-gpus': 'Step time against GPUs in use',
} as const;

function block(problem: Problem, { kind, points }: Sweep, style: Style): string {
  const first = points.find(({ plan }) => plan !== null)?.plan ?? null;
  const perGpu = (one: NonNullable<typeof first>) => one.estimate.tokensPerSecond / devicesOf(one.plan);
  const rows = points.map(({ budget, plan }) => {
    const size = kind === 'pareto-memory' ? formatPercent(budget) : `${budget}`;
    if (plan === null) return [size, 'nothing fits', '', '', '', '', ''];
    return [
      size,
      formatSeconds(plan.estimate.stepSeconds),
      formatInteger(plan.estimate.tokensPerSecond),
      formatPercent(perGpu(plan) / perGpu(first!)),
      arithmetic(plan.plan),
      techniqueWords(problem, plan.plan),
      memoryWords(problem, plan.estimate).join('\n'),
    ];
  });
  const head = [
    kind === 'pareto-memory' ? 'memory' : 'GPUs',
    'step',
    'tokens/s',
    'per GPU',
    'how',
    'techniques',
    'peak / limit GiB',
  ];
  const figures = [0, 1, 2, 3];
  const brief = grid(
    head.slice(0, 5),
    rows.map((row) => row.slice(0, 5)),
    figures,
  );
  const table = style.columns < 120 ? brief : fitting(style.columns, grid(head, rows, figures), brief);
  const words = kind === 'gpus' ? scaling(points) : null;
  return [TITLES[kind], table, ...(words === null ? [] : [wrap(words, style.columns)])].join('\n');
}

/**
 * Where scaling stops paying: the first size that brings less than 1.5 times the one before; null where no two sizes can be
 * compared.
 */
function scaling(points: readonly SweepPoint[]): string | null {
  let compared = false;
  for (const [i, { budget, plan }] of points.entries()) {
    const before = points[i - 1];
    if (plan === null || before === undefined || before.plan === null) continue;
    compared = true;
    const factor = before.plan.estimate.stepSeconds / plan.estimate.stepSeconds;
    const expected = PAYS ** Math.log2(budget / before.budget);
    if (factor < expected)
      return `Scaling stops paying at ${before.budget} GPUs: ${budget} are ${digits(factor)}× as fast.`;
  }
  return compared ? 'Scaling pays up to the largest size asked for.' : null;
}

/** The shardwright.sweep/1 document. */
export function sweepDocument(problem: Problem, sweeps: readonly Sweep[], origin: Origin): SweepDocument {
  return {
    schema: 'shardwright.sweep/1',
    ...origin,
    sweeps: sweeps.map((sweep) => sweepJson(problem, sweep)),
  };
}

function sweepJson(problem: Problem, { kind, points }: Sweep): SweepDocument['sweeps'][number] {
  const pointJson = ({ budget, plan }: SweepPoint): SweepDocument['sweeps'][number]['points'][number] => ({
    budget,
    plan: plan === null ? null : rankedJson(problem, plan),
  });
  return { kind, points: points.map(pointJson) };
}
