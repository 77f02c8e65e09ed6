import { devicesByGroup, devicesOf } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { RankedPlan } from '../domain/search-result.ts';
import { keptFree } from '../evaluate/memory/limit-words.ts';
import { arithmetic } from '../plan-text/degrees.ts';
import type { Origin } from '../schema/estimate.ts';
import type { SweepDocument } from '../schema/sweep.ts';
import { kneeOf, NEARLY } from '../search/knee.ts';
import { FRONT_STEP, type SweepPoint, type Swept } from '../search/sweep.ts';
import { digits, formatInteger, formatPercent, formatSeconds } from '../units/format.ts';
import { wrap } from '../units/wrap.ts';
import { fitting, grid, type Style } from './paint.ts';
import { rankedJson } from './plan-json.ts';
import { memoryWords, techniqueWords } from './words.ts';

export interface Sweep extends Swept {
  readonly kind: 'gpus' | 'pareto-memory' | 'pareto-gpus';
}

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

function block(problem: Problem, { kind, points, cut }: Sweep, style: Style): string {
  // Of memory the last is the fastest, of GPUs the first has the fewest.
  const measure = (kind === 'pareto-memory' ? points.at(-1) : points.find(({ plan }) => plan !== null))?.plan;
  const perGpu = (one: RankedPlan) => one.estimate.tokensPerSecond / devicesOf(one.plan);
  const rows = points.map(({ budget, plan }) => {
    const size = kind === 'pareto-memory' ? formatPercent(budget) : `${budget}`;
    if (plan === null) return [size, 'nothing fits', '', '', '', '', '', ''];
    return [
      size,
      formatSeconds(plan.estimate.stepSeconds),
      formatInteger(plan.estimate.tokensPerSecond),
      formatPercent(perGpu(plan) / perGpu(measure!)),
      inUse(problem, plan).join(' + '),
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
    'in use',
    'how',
    'techniques',
    'peak / limit GiB',
  ];
  const table = (columns: number) =>
    grid(
      head.slice(0, columns),
      rows.map((row) => row.slice(0, columns)),
      [0, 1, 2, 3],
    );
  const [whole, brief, least] = [table(8), table(6), table(5)];
  const shown = style.columns < 120 ? [brief, least] : [whole, brief, least];
  const words = [
    ...(kind === 'gpus' ? scaling(problem, points) : [FRONT_WORDS]),
    ...(cut === null ? [] : [cutWords(kind, cut)]),
  ];
  return [
    TITLES[kind],
    ...(points.length === 0 ? [] : [fitting(style.columns, ...shown)]),
    ...words.map((line) => wrap(line, style.columns)),
  ].join('\n');
}

/** `32 h100`, `16 a100-40`: GPUs of each node group. */
function inUse({ cluster }: Problem, { plan }: RankedPlan): string[] {
  return [...devicesByGroup(plan)].map(([group, gpus]) => `${gpus} ${cluster.groups[group]!.id}`);
}

const FRONT_WORDS = `The front: what is less than ${100 * FRONT_STEP}% faster than a plan with less is left out.`;

/** What was left when a sweep was stopped. */
function cutWords(kind: Sweep['kind'], { by, left }: NonNullable<Sweep['cut']>): string {
  const [first] = left as [number];
  const what = {
    gpus: `at most ${left.join(', ')} GPUs`,
    'pareto-memory': `plans with at most ${formatPercent(first)} of memory`,
    'pareto-gpus':
      left.length === 1 ? `plans with ${first} GPUs` : `plans with ${first} to ${left.at(-1)!} GPUs`,
  }[kind];
  return `${by === 'interrupt' ? 'Interrupted' : 'Out of time'}: not searched to the end: ${what}.`;
}

/** Where scaling stops paying, and how few GPUs are nearly as fast as any; nothing where no two sizes can be compared. */
function scaling(problem: Problem, points: readonly SweepPoint[]): string[] {
  const sizes = points.flatMap(({ plan }) =>
    plan === null ? [] : [{ gpus: devicesOf(plan.plan), stepSeconds: plan.estimate.stepSeconds, plan }],
  );
  const knee = kneeOf(sizes);
  if (knee === null) return [];
  const { at, next, near } = knee;
  const named = (size: (typeof sizes)[number]) => {
    const groups = inUse(problem, size.plan);
    return groups.length > 1 ? `${size.gpus} GPUs (${groups.join(' + ')})` : `${size.gpus} GPUs`;
  };
  const most = points.at(-1)!.budget;
  return [
    next !== null
      ? `Scaling stops paying at ${named(at)}: ${next.gpus} are ${digits(at.stepSeconds / next.stepSeconds)}× as fast.`
      : at.gpus < most
        ? `Scaling pays up to ${named(at)}; more, up to ${most}, bring nothing.`
        : 'Scaling pays up to the largest size asked for.',
    ...(near === null ? [] : [`${named(near)} are within ${formatPercent(1 - NEARLY)} of the fastest.`]),
  ];
}

/** The shardwright.sweep/1 document. */
export function sweepDocument(problem: Problem, sweeps: readonly Sweep[], origin: Origin): SweepDocument {
  return {
    schema: 'shardwright.sweep/1',
    ...origin,
    sweeps: sweeps.map((sweep) => sweepJson(problem, sweep)),
  };
}

function sweepJson(problem: Problem, { kind, points, cut }: Sweep): SweepDocument['sweeps'][number] {
  const pointJson = ({ budget, plan }: SweepPoint): SweepDocument['sweeps'][number]['points'][number] => ({
    budget,
    gpus: plan === null ? [] : usedJson(problem, plan),
    plan: plan === null ? null : rankedJson(problem, plan),
  });
  return { kind, points: points.map(pointJson), cut };
}

function usedJson({ cluster }: Problem, { plan }: RankedPlan) {
  return [...devicesByGroup(plan)].map(([group, gpus]) => {
    const { id, gpu } = cluster.groups[group]!;
    return { group: id, gpuType: gpu.id, gpus };
  });
}
