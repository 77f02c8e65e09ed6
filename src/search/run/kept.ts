import type { Estimate } from '../../domain/estimate.ts';
import type { Pipeline, Stage } from '../../domain/plan.ts';
import { TIE } from '../../domain/tie.ts';
import { TECHNIQUES } from '../../techniques/index.ts';
import type { Realised } from '../cut/realise.ts';
import type { Candidate } from '../space/candidate.ts';
import type { Layout } from '../space/frame.ts';

/** One plan that was costed. */
export interface Evaluated {
  /** What the search makes small: seconds, dollars or a share of memory. */
  readonly value: number;
  readonly family: Layout['family'] | 'several-pipelines' | 'unlike-copies';
  readonly candidate: Candidate;
  readonly realised: Realised;
  readonly estimate: Estimate;
  /** The next best with the same layout and other choices. */
  readonly folded?: readonly Evaluated[];
}

/** A cut that the objective puts this share behind the best one may yet be as fast, played out; none is further behind. */
export const NEAR = 0.05;

/** A value known to be reached may be that of a plan that began so much slower, before its layers were settled. */
export const SETTLED_GAIN = 1 + NEAR;

/** Of the plans folded under the best of their layout, so many are remembered. */
const MOST_FOLDED = 3;

/** How many plans are kept: so many, and so many more as far as they tie with the best. */
export interface Room {
  readonly top: number;
  readonly ties: number;
}

/** Keeps the best plan of each of the best layouts; plans that differ in a choice only are folded under it. */
export function insert(kept: Evaluated[], one: Evaluated, { top, ties }: Room): void {
  if (kept.some((other) => twins(one, other))) return;
  const alike = kept.findIndex((other) => layoutKey(other) === layoutKey(one));
  if (alike < 0) kept.push(one);
  else {
    const other = kept[alike]!;
    const [best, worse] = byValue(one, other) < 0 ? [one, other] : [other, one];
    const folded = [...(one.folded ?? []), ...(other.folded ?? []), worse].sort(byValue);
    kept[alike] = { ...best, folded: folded.slice(0, MOST_FOLDED) };
  }
  kept.sort(byValue);
  while (kept.length > top && (kept.length > top + ties || kept.at(-1)!.value >= tieLimit(kept))) kept.pop();
}

/** No plan of this value or more is kept any more. Only of so many plans as there is room for without ties, or more. */
export function worstOf(kept: readonly Evaluated[], { top, ties }: Room): number {
  if (kept.length < top) return Number.POSITIVE_INFINITY;
  if (kept.length >= top + ties) return kept.at(-1)!.value;
  return Math.max(kept[top - 1]!.value, tieLimit(kept));
}

function tieLimit([best]: readonly Evaluated[]): number {
  return best!.value * (1 + TIE);
}

/** By layout: the value from which on another plan of it would be neither kept nor folded. */
export type Listed = ReadonlyMap<string, number>;

/** Of the layouts that have no room left. */
export function listedOf(kept: readonly Evaluated[]): Listed {
  return new Map(
    kept.flatMap((one) =>
      (one.folded ?? []).length < MOST_FOLDED ? [] : [[layoutKey(one), one.folded!.at(-1)!.value]],
    ),
  );
}

/** The same for one layout, by what was known before and what is kept since; infinite while there is room. */
export function worstOfLayout(kept: readonly Evaluated[], listed: Listed, layout: Layout): number {
  const folded = kept.find((one) => one.candidate.layout === layout)?.folded ?? [];
  const here = folded.length < MOST_FOLDED ? Number.POSITIVE_INFINITY : folded.at(-1)!.value;
  return listed.size === 0 ? here : Math.min(here, listed.get(JSON.stringify(layout)) ?? here);
}

/** Smaller values first; ties by time, then the simpler plan. */
export function byValue(a: Evaluated, b: Evaluated): number {
  return (
    a.value - b.value || a.estimate.stepSeconds - b.estimate.stepSeconds || complexity(a) - complexity(b)
  );
}

/** Which devices do what, whatever the choices. */
function layoutKey({ family, candidate: { layout }, realised: { plan } }: Evaluated): string {
  if (family === 'uniform' || family === 'type-per-stage') return JSON.stringify(layout);
  return JSON.stringify(
    plan.pipelines.map((p) => p.stages.map((s) => s.replicas.map((b) => [b.group, b.count, b.tp]))),
  );
}

function complexity({ candidate: { layout, choice } }: Evaluated): number {
  const used = TECHNIQUES.filter(
    ({ of, format, off }) => format(of(choice.techniques)) !== format(off),
  ).length;
  return layout.tp * 8 + layout.cp * 4 + layout.pp * 2 + choice.vpp + used / 4 + choice.microBatchSize / 64;
}

/** The same plan on interchangeable groups: one of them is enough. */
function twins(a: Evaluated, b: Evaluated): boolean {
  if (a.estimate.stepSeconds !== b.estimate.stepSeconds) return false;
  const shape = ({ candidate, realised: { plan } }: Evaluated) =>
    JSON.stringify([
      candidate.choice,
      plan.pipelines.map((pipeline) => JSON.stringify(anonymous(pipeline))).sort(),
    ]);
  return shape(a) === shape(b) && limits(a) === limits(b);
}

function limits({ estimate: { stages } }: Evaluated): string {
  return stages
    .map(({ memory }) => memory.limitBytes)
    .sort()
    .join();
}

/** A pipeline without the places of its devices. */
function anonymous({ stages, microBatches }: Pipeline) {
  const blocks = (stage: Stage) =>
    stage.replicas.map((one) => [one.count, one.tp, one.microBatches, one.microBatchSize, one.stateParts]);
  return [microBatches, stages.map((stage) => [stage.chunks, blocks(stage)])];
}
