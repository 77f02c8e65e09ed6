import { dealt } from '../domain/dealt.ts';
import type { Reason } from '../domain/reason.ts';
import type { ChunkPlace } from '../schedules/schedule.ts';

/**
 * Layers of each global chunk. `perStage` gives each stage's layers, or each chunk's when it has pp·vpp entries, none for a
 * chunk with an end of the model only; without it the layers are spread evenly, what is over going to the middle stages so
 * that the ends carry less.
 */
export function chunkCounts(
  layers: number,
  places: readonly ChunkPlace[],
  perStage?: readonly number[],
): number[] | Reason {
  const chunks = places.length;
  const vpp = 1 + Math.max(...places.map(({ chunk }) => chunk));
  const pp = chunks / vpp;
  if (perStage === undefined)
    return layers < chunks
      ? { rule: 'layers-per-stage', actual: `${layers} layers`, limit: `at least pp·vpp = ${chunks}` }
      : spread(layers, chunks);
  const sum = perStage.reduce((a, b) => a + b, 0);
  if (sum !== layers)
    return {
      rule: 'layers-sum',
      actual: `layers=${perStage.join('/')} sums to ${sum}`,
      limit: `${layers} layers`,
    };
  if (perStage.length === chunks) return [...perStage];
  if (perStage.length !== pp)
    return {
      rule: 'layers-stages',
      actual: `${perStage.length} entries in layers=`,
      limit: `pp=${pp} or pp·vpp=${chunks}`,
    };
  const byStage = perStage.map((count) => dealt(count, vpp));
  return places.map(({ stage, chunk }) => byStage[stage]![chunk]!);
}

export function spread(layers: number, chunks: number): number[] {
  const base = Math.floor(layers / chunks);
  const over = layers % chunks;
  const from = Math.floor((chunks - over) / 2);
  return Array.from({ length: chunks }, (_, i) => base + (i >= from && i < from + over ? 1 : 0));
}
