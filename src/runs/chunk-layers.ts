import { dealt } from '../domain/dealt.ts';
import type { Problem } from '../domain/problem.ts';
import { flopsPerToken } from '../layers/parameters.ts';

/** Layers of each global chunk: as stated, else even; what is over or short goes to the ends as Megatron's flags put it. */
export function chunkLayers(
  layers: number,
  pp: number,
  vpp: number,
  perStage: readonly number[] | null,
  final: number | null,
  head = 0,
): number[] {
  const chunks = pp * vpp;
  if (perStage !== null && perStage.length === pp) {
    return Array.from({ length: chunks }, (_, g) => dealt(perStage[g % pp]!, vpp)[Math.floor(g / pp)]!);
  }
  if (final !== null && chunks > 1) {
    // The last before it take one more (megatron/core/transformer/transformer_block.py, sail-sg/VocabularyParallelism@6191c3b).
    return [...dealt(layers - final, chunks - 1).reverse(), final];
  }
  if (head > 0 && chunks > 1) {
    const last = Math.max(0, Math.round((layers + head) / chunks - head));
    return [...dealt(layers - last, chunks - 1).reverse(), last];
  }
  if (layers % chunks === 0) return dealt(layers, chunks);
  if ((layers + 2) % chunks === 0 && chunks > 1)
    return dealt(layers + 2, chunks).map((n, i) => (i === 0 || i === chunks - 1 ? n - 1 : n));
  if ((layers + 1) % chunks === 0)
    return dealt(layers + 1, chunks).map((n, i) => (i === chunks - 1 ? n - 1 : n));
  return dealt(layers, chunks);
}

/** What the last stage carries beside its layers, in layers' worth of model FLOPs: head, loss, token prediction. */
export function headInLayers({ model, workload }: Problem): number {
  const head = 6 * model.vocabSize * model.hiddenSize;
  const plain = flopsPerToken({ ...model, mtpLayers: 0 }, workload.sequenceLength);
  const layer = (plain - head) / model.layers.length;
  return (head + model.mtpLayers * (head + layer)) / layer;
}
