import { estimate, memoryVerdict } from '../cost/estimate.ts';
import { layersOf } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { NearestMiss } from '../domain/search-result.ts';
import { spread } from './chunk-counts.ts';
import type { CostBook } from './cost-book.ts';
import { memoryReason } from './expand.ts';
import type { Legality } from './options.ts';
import { type Candidate, evenCounts, planFrom } from './realise.ts';
import { FULL_RECOMPUTE } from './switches.ts';

/** A configuration that is legal but does not fit; excess is need over limit. */
export interface Miss {
  readonly candidate: Candidate;
  readonly excess: number;
}

const MOST_TRIED = 60;

/** The configuration that misses its memory limit by least, costed, with what would make it fit. */
export function findNearestMiss(
  problem: Problem,
  misses: Miss[],
  book: CostBook,
  launcher: Legality | null,
): NearestMiss | null {
  misses.sort((a, b) => a.excess - b.excess);
  let best: { candidate: Candidate; miss: NearestMiss; excess: number } | null = null;
  for (const { candidate } of misses.slice(0, MOST_TRIED)) {
    const chunks = candidate.layout.pp * candidate.switches.virtualStages;
    const counts =
      evenCounts(problem.model.layers.length, chunks) ?? spread(problem.model.layers.length, chunks);
    const plan = planFrom(problem, candidate, counts);
    if (launcher !== null && launcher.reject(problem, plan) !== null) continue;
    const outcome = estimate(problem, plan, book.profiles);
    if (outcome.verdict !== 'does-not-fit') continue;
    const excess = Math.max(...outcome.stages.map(({ memory }) => memory.deviceBytes / memory.limitBytes));
    if (best !== null && excess >= best.excess) continue;
    const remedy = remedyFor(problem, candidate, counts, excess, book);
    best = { candidate, excess, miss: { plan, estimate: outcome, reason: memoryReason(outcome), remedy } };
  }
  return best?.miss ?? null;
}

/** Tries the cheapest change first and says the first that fits. */
function remedyFor(
  problem: Problem,
  candidate: Candidate,
  counts: readonly number[],
  excess: number,
  book: CostBook,
): string {
  const { switches } = candidate;
  const fits = (changed: Candidate) => {
    const plan = planFrom(problem, changed, counts);
    return (
      plan.pipelines[0]!.stages.every((stage) => layersOf(stage) > 0) &&
      memoryVerdict(problem, plan, book.profiles) !== 'does-not-fit'
    );
  };
  const changes: readonly (readonly [string, Candidate])[] = [
    ['sharding=1', { ...candidate, switches: { ...switches, sharding: 1 } }],
    ['micro-batch=1', { ...candidate, switches: { ...switches, microBatch: 1 } }],
    [
      'recompute=full',
      { ...candidate, switches: { ...switches, recompute: FULL_RECOMPUTE, fewestLayers: false } },
    ],
    [
      'micro-batch=1,recompute=full',
      { ...candidate, switches: { ...switches, microBatch: 1, recompute: FULL_RECOMPUTE } },
    ],
  ];
  for (const [name, changed] of changes) {
    if (JSON.stringify(changed.switches) === JSON.stringify(switches)) continue;
    if (name === 'sharding=1' && (switches.sharding !== 0 || candidate.layout.dp * candidate.layout.cp === 1))
      continue;
    if (fits(changed)) return `fits with ${name}`;
  }
  const short = Math.ceil(100 * (1 - 1 / excess));
  return `needs ${short}% less memory per GPU: more GPUs, or GPUs with more memory`;
}
