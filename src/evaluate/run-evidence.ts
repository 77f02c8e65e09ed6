import type { RunKind } from '../domain/calibration.ts';
import { groupsOf, type Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { runKind } from './error-band.ts';

/** Published runs by GPU and kind that step times are scored on (`npm run accuracy`): whose problem is stated and that ran. */
export const MEASURED_RUNS: Readonly<Record<string, Readonly<Partial<Record<RunKind, number>>>>> = {
  'a100-40-sxm': { dense: 206 },
  'a100-80-sxm': { dense: 1130 },
  'a800-80-sxm': { dense: 7 },
  b200: { narrow: 8, sparse: 11, weak: 3 },
  b300: { sparse: 14, weak: 7 },
  gb200: { narrow: 30, sparse: 27, weak: 11 },
  gb300: { narrow: 12, sparse: 36, weak: 10 },
  'h100-sxm': { dense: 67, narrow: 41, sparse: 28, weak: 6 },
  'h100-sxm-96-500w': { dense: 5, narrow: 21 },
  l40s: { narrow: 2 },
  'mi250x-gcd': { dense: 8 },
  mi300x: { dense: 2, narrow: 2, sparse: 4 },
  mi325x: { narrow: 2 },
  mi350x: { narrow: 2 },
  mi355x: { dense: 2, narrow: 7, sparse: 26 },
  'rtx-3090': { dense: 8 },
  'rtx-4090': { dense: 47, narrow: 6, sparse: 5 },
  'rtx-5060-ti': { dense: 3, narrow: 3 },
  'rtx-6000-ada': { dense: 2 },
  'rtx-a5000': { dense: 1 },
  'rtx-a6000': { dense: 2 },
  'rtx-pro-6000-server': { narrow: 12 },
  'v100-sxm2-16': { dense: 15 },
  'v100-sxm2-32': { dense: 2 },
};

const WORDS: Readonly<Record<RunKind, string>> = {
  dense: 'dense 16-bit',
  narrow: 'fp8 or fp4',
  sparse: 'MoE',
  weak: 'such',
};

/** Where nobody measured a run of this kind on a GPU of the plan, a phrase for each: `no measured MoE run on mi300x`. */
export function lackingEvidence(problem: Problem, plan: Plan): string[] {
  const kind = runKind(problem);
  const gpus = groupsOf(plan).map((index) => problem.cluster.groups[index]!.gpu.id);
  return [...new Set(gpus)].flatMap((id) => {
    const runs = MEASURED_RUNS[id];
    if (runs?.[kind] !== undefined) return [];
    return [runs === undefined ? `no measured run on ${id}` : `no measured ${WORDS[kind]} run on ${id}`];
  });
}
