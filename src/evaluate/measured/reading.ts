import { type ProfilePart, type Reading, readingOf } from '../../domain/layer-profile.ts';
import type { LayerKind } from '../../domain/model.ts';
import type { ParallelDims } from '../../domain/parallel-dims.ts';
import type { Problem } from '../../domain/problem.ts';
import { isMoe } from '../../layers/layer.ts';

/** A part of a model on one GPU of a stage. */
export interface PlacedPart {
  readonly part: ProfilePart;
  /** null: an end of the model. */
  readonly kind: LayerKind | null;
  /** Id of the GPU. */
  readonly gpu: string;
  readonly dims: Pick<ParallelDims, 'tp' | 'cp' | 'ep' | 'etp'>;
  readonly microBatchSize: number;
  /** Whether the vocabulary is split over stages. */
  readonly shared: boolean;
}

/** What the user's profile says of a part; null where none was given, or it has nothing like it of that GPU. */
export function readingFor(
  { layerProfile, workload }: Problem,
  { part, kind, gpu, dims, microBatchSize, shared }: PlacedPart,
): Reading | null {
  if (layerProfile === undefined) return null;
  return readingOf(layerProfile, {
    gpu,
    part,
    layerKind: kind?.name ?? null,
    experts: kind !== null && isMoe({ kinds: [kind] }),
    shared: shared && part !== 'layer',
    shape: {
      precision: workload.precision,
      tensorParallel: dims.tp,
      contextParallel: dims.cp,
      expertParallel: dims.ep,
      expertTensorParallel: dims.etp,
      sequenceLength: workload.sequenceLength,
      microBatch: microBatchSize,
    },
  });
}

/** Whether the user's profile has anything of a part on a GPU. */
export function hasPart({ layerProfile }: Problem, gpu: string, part: ProfilePart): boolean {
  return layerProfile?.entries.some((entry) => entry.gpu === gpu && entry.part === part) === true;
}
