/** Measured seconds and bytes of layers, in place of the analytic model where they cover what is asked. */
export interface LayerProfile {
  readonly name: string;
  readonly entries: readonly LayerProfileEntry[];
}

/** One kind of layer on one GPU type at one tensor-parallel degree and sequence length, without context parallelism. */
interface LayerProfileEntry {
  readonly gpu: string;
  readonly tensorParallel: number;
  readonly sequenceLength: number;
  /** Name of the layer kind; null: all kinds. */
  readonly layerKind: string | null;
  /** In rising order of micro-batch, one GPU each, communication inside the layer included. */
  readonly points: readonly LayerPoint[];
}

export interface LayerPoint {
  /** Sequences. */
  readonly microBatch: number;
  readonly forwardSeconds: number;
  /** Input and weight gradients, without recomputation. */
  readonly backwardSeconds: number;
  /** Kept from forward to backward without recomputation; null: not measured. */
  readonly savedBytes: number | null;
}

export interface LayerQuery {
  readonly gpu: string;
  readonly tensorParallel: number;
  readonly contextParallel: number;
  readonly sequenceLength: number;
  readonly layerKind: string;
  readonly microBatch: number;
}

/** The measured point, or the straight line between two; null outside what was measured. */
export function measuredLayer(profile: LayerProfile, query: LayerQuery): LayerPoint | null {
  if (query.contextParallel > 1) return null;
  const entry = profile.entries.find(
    (one) =>
      one.gpu === query.gpu &&
      one.tensorParallel === query.tensorParallel &&
      one.sequenceLength === query.sequenceLength &&
      (one.layerKind === null || one.layerKind === query.layerKind),
  );
  if (entry === undefined) return null;
  const upper = entry.points.find((point) => point.microBatch >= query.microBatch);
  const lower = entry.points.findLast((point) => point.microBatch <= query.microBatch);
  if (upper === undefined || lower === undefined) return null;
  if (upper === lower) return upper;
  const share = (query.microBatch - lower.microBatch) / (upper.microBatch - lower.microBatch);
  const between = (a: number, b: number) => a + (b - a) * share;
  return {
    microBatch: query.microBatch,
    forwardSeconds: between(lower.forwardSeconds, upper.forwardSeconds),
    backwardSeconds: between(lower.backwardSeconds, upper.backwardSeconds),
    savedBytes:
      lower.savedBytes === null || upper.savedBytes === null
        ? null
        : between(lower.savedBytes, upper.savedBytes),
  };
}
