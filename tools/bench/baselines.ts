import { onlyGroups } from '../../src/domain/node-order.ts';
import type { Problem } from '../../src/domain/problem.ts';
import type { SearchResult } from '../../src/domain/search-result.ts';
import { estimate } from '../../src/evaluate/estimate.ts';
import { splitLaw } from '../../src/laws/split.ts';
import { lowerBound } from '../../src/search/bound/bounds.ts';
import { CostBook } from '../../src/search/bound/cost-book.ts';
import { memoryMiss } from '../../src/search/bound/memory-bound.ts';
import { planFrom } from '../../src/search/cut/plan-from.ts';
import { realise } from '../../src/search/cut/realise.ts';
import { expandBundle } from '../../src/search/run/expand-bundle.ts';
import { newRun } from '../../src/search/run/run.ts';
import { search } from '../../src/search/search.ts';
import { bundles } from '../../src/search/space/bundles.ts';
import type { Candidate } from '../../src/search/space/candidate.ts';
import { chains } from '../../src/search/space/chains.ts';
import { chainOf, choices } from '../../src/search/space/choices.ts';
import type { Frame } from '../../src/search/space/frame.ts';
import { layoutsOf } from '../../src/search/space/layouts.ts';
import { DEFAULT_OPTIONS } from '../../src/search/space/options.ts';

const MOST_TRIED = 1500;

/** Step seconds of the best plan of each simpler way to use a mixed cluster; null: none fits. */
export function baselines(problem: Problem, result: SearchResult): Record<string, number | null> {
  const { groups } = problem.cluster;
  const speed = (g: number) => groups[g]!.gpu.peakFlops.bf16 ?? groups[g]!.gpu.peakFlops.fp16 ?? 0;
  const memory = (g: number) => groups[g]!.gpu.memoryBytes;
  const fastest = Math.max(...groups.map((group) => speed(group.index)));
  const fast = onlyGroups(problem.cluster, (group) => speed(group.index) === fastest);
  const onlyFast = search({ ...problem, cluster: fast }, { top: 1 }).plans[0];
  const all = (frame: Frame) => frame.runs.length === groups.length;
  return {
    'even split': 'rule' in result.evenSplit ? null : result.evenSplit.estimate.stepSeconds,
    'only the fastest type': onlyFast?.estimate.stepSeconds ?? null,
    'layers by speed': bestChain(problem, all, (c) => shares(problem, c, speed)),
    'layers by memory': bestChain(problem, all, (c) => shares(problem, c, memory)),
    // One stage for each clique of like GPUs, data parallel inside it (Zorse's grouping).
    'one stage a clique': bestChain(problem, (f) => all(f) && f.pp === groups.length, null),
    // Pipelines of unlike make-up only (HexiScale's shape).
    'unlike pipelines': bestBundle(problem),
  };
}

/** Layers in proportion to a figure of each stage's GPUs, at least one each. */
function shares(problem: Problem, { layout }: Candidate, of: (group: number) => number): number[] {
  const weights = layout.runs.flatMap((run) =>
    Array.from({ length: run.stages }, () => of(run.group) * run.tp),
  );
  const sum = weights.reduce((a, b) => a + b, 0);
  const layers = problem.model.layers.length;
  const counts = weights.map((w) => Math.max(1, Math.floor((layers * w) / sum)));
  for (let left = layers - counts.reduce((a, b) => a + b, 0); left !== 0; left -= Math.sign(left)) {
    const gap = counts.map((n, i) => (layers * weights[i]!) / sum - n);
    const at = left > 0 ? gap.indexOf(Math.max(...gap)) : counts.indexOf(Math.max(...counts));
    counts[at]! += Math.sign(left);
  }
  return counts;
}

function bestChain(
  problem: Problem,
  accept: (frame: Frame) => boolean,
  cut: ((candidate: Candidate) => number[]) | null,
): number | null {
  const book = new CostBook(problem);
  const candidates: { candidate: Candidate; bound: number }[] = [];
  for (const frame of chains(problem, { ...DEFAULT_OPTIONS, alikeStages: true })) {
    if (!accept(frame)) continue;
    for (const layout of layoutsOf(problem, frame, DEFAULT_OPTIONS)) {
      if (splitLaw(problem, { ...layout, shapes: layout.runs }) !== null) continue;
      for (const choice of choices(problem, chainOf(problem, frame), DEFAULT_OPTIONS)) {
        if (choice.vpp > 1) continue;
        const candidate = { layout, choice };
        const costs = book.of(candidate);
        if (memoryMiss(problem, candidate, costs) === null)
          candidates.push({ candidate, bound: lowerBound(problem, candidate, costs) });
      }
    }
  }
  candidates.sort((a, b) => a.bound - b.bound);
  let best: number | null = null;
  for (const { candidate, bound } of candidates.slice(0, MOST_TRIED)) {
    if (best !== null && bound >= best) break;
    const realised = cut === null ? realise(problem, candidate, book.of(candidate)) : null;
    if (realised !== null && 'rule' in realised) continue;
    const plan = realised === null ? planFrom(problem, candidate, cut!(candidate)) : realised.plan;
    const e = estimate(problem, plan, book.profiles);
    if (e.verdict !== 'does-not-fit' && (best === null || e.stepSeconds < best)) best = e.stepSeconds;
  }
  return best;
}

function bestBundle(problem: Problem): number | null {
  const run = newRun(problem, { ...DEFAULT_OPTIONS, top: 1 }, new CostBook(problem));
  for (const bundle of bundles(problem, run.options)) expandBundle(run, bundle);
  return run.kept[0]?.estimate.stepSeconds ?? null;
}
