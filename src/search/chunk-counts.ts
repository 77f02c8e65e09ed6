import type { Reason } from '../domain/reason.ts';

/**
 * Layers of each global chunk. `perStage` gives each stage's layers, or each chunk's when it has pp·vpp entries; without
 * it the layers are spread evenly, what is over going to the middle stages so that the ends carry less.
 */
export function chunkCounts(
  layers: number,
  pp: number,
  vpp: number,
  perStage?: readonly number[],
): number[] | Reason {
  const chunks = pp * vpp;
  if (layers < chunks)
    return { rule: 'layers-per-stage', actual: `${layers} layers`, limit: `at least pp·vpp = ${chunks}` };
  if (perStage === undefined) return spread(layers, chunks);
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
  const short = perStage.findIndex((count) => count < vpp);
  if (short >= 0)
    return {
      rule: 'layers-per-stage',
      actual: `${perStage[short]} layers on stage ${short}`,
      limit: `at least vpp=${vpp}`,
    };
  return Array.from({ length: chunks }, (_, g) => {
    const count = perStage[g % pp]!;
    return Math.floor(count / vpp) + (Math.floor(g / pp) < count % vpp ? 1 : 0);
  });
}

export function spread(layers: number, chunks: number): number[] {
  const base = Math.floor(layers / chunks);
  const over = layers % chunks;
  const from = Math.floor((chunks - over) / 2);
  return Array.from({ length: chunks }, (_, i) => base + (i >= from && i < from + over ? 1 : 0));
}
