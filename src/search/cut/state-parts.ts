import type { Estimate } from '../../domain/estimate.ts';
import type { Plan, ReplicaBlock } from '../../domain/plan.ts';

/** What a stage's states are cut into for sharing them out unequally. */
const PARTS = 1000;

/** Copies are equally full when they differ by less; after so many corrections it stays as it is. */
const ALIKE = 0.005;
const MOST_CORRECTED = 4;
/** Where all would be fuller than this no correction helps. */
const MOST_FULL = 1.05;

/**
 * The plan of one stage with its sharded states shared out so that all copies are equally full (Cephalo, arXiv 2411.01075,
 * shares them by memory left); null where that is not enough. Between two shares w memory of a copy is A + S·w, and one
 * fullness φ of the limit L fits all when Σ n·(φ·L − A)/S = 1 over n copies of each; where another point of the step sets
 * the peak A and S change, so that the shares found are tried and corrected.
 */
export function sharedByMemory(plan: Plan, estimateOf: (plan: Plan) => Estimate): Plan | null {
  const blocks = plan.pipelines[0]!.stages[0]!.replicas;
  const at = (parts: readonly number[]): Filled[] => {
    const all = blocks.reduce((sum, { count }, i) => sum + count * parts[i]!, 0);
    const { stages } = estimateOf(withParts(plan, parts));
    return stages.map(({ memory }, i) => ({
      count: blocks[i]!.count,
      share: parts[i]! / all,
      bytes: memory.deviceBytes,
      limit: memory.limitBytes,
    }));
  };
  let before = at(blocks.map((_, i) => (i === 0 ? 2 : 1)));
  let last = at(blocks.map(() => 1));
  let best: number[] | null = null;
  for (let i = 0; i < MOST_CORRECTED; i++) {
    const parts = equallyFull(before, last);
    if (parts === null) break;
    best = parts;
    [before, last] = [last, at(parts)];
    const full = last.map(({ bytes, limit }) => bytes / limit);
    if (Math.max(...full) - Math.min(...full) < ALIKE) break;
  }
  return best === null ? null : withParts(plan, best);
}

/** One copy of a block at some share of the states. */
interface Filled {
  readonly count: number;
  readonly share: number;
  readonly bytes: number;
  readonly limit: number;
}

/** Whole parts for each block, by the line through two points of each; null where none are found. */
function equallyFull(before: readonly Filled[], last: readonly Filled[]): number[] | null {
  const lines = last.map(({ count, share, bytes, limit }, i) => {
    const slope = (before[i]!.bytes - bytes) / (before[i]!.share - share);
    return { count, slope, fixed: bytes - slope * share, limit };
  });
  if (!lines.every(({ slope }) => slope > 0)) return null;
  const sum = (of: (line: (typeof lines)[number]) => number) =>
    lines.reduce((all, line) => all + (line.count * of(line)) / line.slope, 0);
  const fullness = (1 + sum(({ fixed }) => fixed)) / sum(({ limit }) => limit);
  if (fullness > MOST_FULL) return null;
  return lines.map(({ slope, fixed, limit }) =>
    Math.max(1, Math.round((PARTS * (fullness * limit - fixed)) / slope)),
  );
}

function withParts(plan: Plan, parts: readonly number[]): Plan {
  const [pipeline] = plan.pipelines;
  const [stage] = pipeline!.stages;
  const replicas = stage!.replicas.map(
    ({ stateParts: _, ...block }, i): ReplicaBlock => ({
      ...block,
      ...(parts[i] === 1 ? {} : { stateParts: parts[i]! }),
    }),
  );
  return { ...plan, pipelines: [{ ...pipeline!, stages: [{ ...stage!, replicas }] }] };
}
