import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { chunkLayers } from '../plan-text/text.ts';
import { toldTechniques } from '../plan-text/told.ts';
import { TECHNIQUES } from '../techniques/index.ts';
import { microBatchWords } from './words.ts';

/** What a row says of a plan beside its degrees: keys and values as --config takes them. */
export interface RowKey {
  readonly key: string;
  readonly value: string;
  /** Not where stages or pipelines are unlike: then only all of the plan can be typed, stage by stage. */
  readonly typed: boolean;
}

/** In the order of a row. */
export const ROW_KEYS = ['schedule', 'vpp', 'mbs', ...TECHNIQUES.map(({ id }) => id), 'layers'];

export function rowKeys(problem: Problem, plan: Plan): RowKey[] {
  const { schedule, dims, pipelines } = plan;
  const sizes = microBatchWords(plan);
  return [
    { key: 'schedule', value: schedule, typed: true },
    ...(dims.vpp > 1 ? [{ key: 'vpp', value: `${dims.vpp}`, typed: true }] : []),
    { key: 'mbs', value: sizes, typed: !sizes.includes('/') },
    ...toldTechniques(problem, plan).map(({ id, text }) => ({ key: id, value: text, typed: true })),
    { key: 'layers', value: layersOf(plan), typed: pipelines.length === 1 },
  ];
}

/** `zero=1`; `mbs 3/2` where that cannot be typed. */
export function keyText({ key, value, typed }: RowKey): string {
  return typed ? `${key}=${value}` : `${key} ${value}`;
}

/** Of each stage, or of each chunk, in layer order, runs of equal counts folded: `9×3/26/27`. */
function layersOf(plan: Plan): string {
  return plan.pipelines
    .map((pipeline) => folded(chunkLayers({ ...plan, pipelines: [pipeline] })))
    .join(' | ');
}

function folded(counts: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const count of counts) {
    const last = runs.at(-1);
    if (last?.[0] === count) last[1] += 1;
    else runs.push([count, 1]);
  }
  return runs.map(([count, times]) => (times > 1 ? `${count}×${times}` : `${count}`)).join('/');
}
