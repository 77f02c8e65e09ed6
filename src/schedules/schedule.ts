import type { ScheduleId } from '../domain/plan.ts';
import type { Reason } from '../domain/reason.ts';

/** One stage's work on one micro-batch of one chunk: forward, backward (of inputs, or of both), weight gradient. */
type PassKind = 'F' | 'B' | 'W';

export interface Pass {
  readonly kind: PassKind;
  readonly microBatch: number;
  /** Which of the stage's own chunks, 0 … virtualStages − 1. */
  readonly chunk: number;
}

export interface PipelineShape {
  readonly stages: number;
  readonly microBatches: number;
  readonly virtualStages: number;
  /** Micro-batches in flight beyond the plain order (vocabulary parallelism); absent: none. */
  readonly runAhead?: number;
}

/** An order of passes for each stage, nothing else: the simulator times it, on any stages and links. */
export interface Schedule {
  readonly id: ScheduleId;
  readonly name: string;
  readonly source: string;
  /** Weight gradients are passes of their own. */
  readonly splitsBackward: boolean;
  /** Micro-batches alive do not grow with their number once the pipeline is full. */
  readonly bounded: boolean;
  /** null when the shape can run. */
  reject(shape: PipelineShape): Reason | null;
  /** The stage that holds global chunk g = 0 … stages·virtualStages − 1, in layer order. */
  stageOfChunk(chunk: number, shape: PipelineShape): number;
  order(shape: PipelineShape): readonly (readonly Pass[])[];
  /** Most micro-batches alive at once on a stage, in whole-stage activations. */
  peakInFlight(stage: number, shape: PipelineShape): number;
}

export function roundRobin(chunk: number, { stages }: PipelineShape): number {
  return chunk % stages;
}
