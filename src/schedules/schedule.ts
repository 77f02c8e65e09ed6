import type { Staleness } from '../domain/estimate.ts';
import type { Reason } from '../domain/reason.ts';
import type { Workload } from '../domain/workload.ts';

/** One stage's work on one micro-batch of one chunk: forward, backward (of inputs, or of both), weight gradient. */
type PassKind = 'F' | 'B' | 'W';

export interface Pass {
  readonly kind: PassKind;
  readonly microBatch: number;
  /** Which of the stage's own chunks, 0 … virtualStages − 1. */
  readonly chunk: number;
  /** Backward of inputs and of weights in one, where a schedule has them apart elsewhere. */
  readonly whole?: true;
  /** The backward of another micro-batch that shares the slot of a forward. */
  readonly beside?: Pass;
}

export interface PipelineShape {
  readonly stages: number;
  readonly microBatches: number;
  readonly virtualStages: number;
  /** Micro-batches in flight beyond the plain order (vocabulary parallelism); absent: none. */
  readonly runAhead?: number;
}

/**
 * An order of passes for each stage and what it means for memory, nothing else: the simulator times it, on any stages and
 * links. A new one is a file here and a line in index.ts.
 */
export interface Schedule {
  readonly id: string;
  readonly name: string;
  readonly source: string;
  /**
   * How a stage's chunks lie in the model: one alone, any number dealt in rounds, or two folded so that the last stage turns around;
   * mirrored: two of the whole model, once from each end, each for half of the micro-batches.
   */
  readonly chunks: 'one' | 'loop' | 'fold' | 'mirror';
  /** Weight gradients are passes of their own. */
  readonly splitsBackward: boolean;
  /** Micro-batches alive do not grow with their number once the pipeline is full. */
  readonly bounded: boolean;
  /** The pipeline runs on into the next step instead of draining: a step costs what its micro-batches add. */
  readonly flows?: true;
  /** Gradients are reduced beside all micro-batches of the next step, into a buffer of their own; left out: behind the last ones. */
  readonly reducesBeside?: true;
  /** Bytes of each trained parameter that its update keeps beside the optimizer's states; left out: none. */
  readonly correctionBytes?: number;
  /** Versions of its weights that a stage keeps for micro-batches in flight; left out: one. */
  weightVersions?(stage: number, shape: PipelineShape): number;
  /** How old the weights are that gradients are taken of; left out: those that they change. */
  stale?(shape: PipelineShape): Staleness;
  /** What it costs in convergence, in words: printed with every plan that has it. */
  price?(training: Trained): readonly string[];
  /** A search tries it beside the usual one only where `--allow` names this; left out: only where it is held. */
  readonly allowedAs?: string;
  /** What is not known of it and taken all the same, in words. */
  readonly assumed?: readonly string[];
  /** What no pipeline under it can train. */
  excludes?(workload: Workload): Reason | null;
  /** A law beyond that of its chunks. */
  reject?(shape: PipelineShape): Reason | null;
  order(shape: PipelineShape): readonly (readonly Pass[])[];
  /** Most micro-batches alive at once on a stage, in whole-stage activations, as published: what the order is tested by. */
  peakInFlight(stage: number, shape: PipelineShape): number;
}

/** What convergence under a schedule depends on. */
export interface Trained {
  /** Its id. */
  readonly optimizer: string;
  /** Forwards are done again for backward. */
  readonly recomputes: boolean;
}

/** The stage that holds global chunk g = 0 … stages·virtualStages − 1, in layer order. */
export function stageOfChunk(
  { chunks }: Pick<Schedule, 'chunks'>,
  g: number,
  { stages }: Pick<PipelineShape, 'stages'>,
): number {
  const back = chunks === 'fold' || chunks === 'mirror';
  return back && g >= stages ? 2 * stages - 1 - g : g % stages;
}

/** How often a pipeline holds the model, each time in as many of its chunks in a row, for its part of the micro-batches. */
export function modelsIn({ chunks }: Pick<Schedule, 'chunks'>): number {
  return chunks === 'mirror' ? 2 : 1;
}

/** Each pass of a list by itself: those that share a slot one after the other, a whole backward as the gradients of inputs and of weights. */
export function apart(passes: readonly Pass[]): Pass[] {
  const all: Pass[] = [];
  const add = (pass: Pass) => {
    if (pass.beside === undefined && pass.whole !== true) {
      all.push(pass);
      return;
    }
    const { beside, whole, ...alone } = pass;
    all.push(alone);
    if (whole === true) all.push({ ...alone, kind: 'W' });
    if (beside !== undefined) add(beside);
  };
  for (const pass of passes) add(pass);
  return all;
}

/** Where a chunk lives: its stage, and which of the stage's own chunks it is. */
export interface ChunkPlace {
  readonly stage: number;
  readonly chunk: number;
}

/** All chunks in layer order. */
export function chunkPlaces(
  schedule: Pick<Schedule, 'chunks'>,
  shape: Pick<PipelineShape, 'stages' | 'virtualStages'>,
): ChunkPlace[] {
  const own = new Array<number>(shape.stages).fill(0);
  return Array.from({ length: shape.stages * shape.virtualStages }, (_, g) => {
    const stage = stageOfChunk(schedule, g, shape);
    return { stage, chunk: own[stage]!++ };
  });
}

/** The law that a shape breaks, or what is trained in it (left out: any shape's alone); null where it can run. */
export function scheduleLaw(schedule: Schedule, shape: PipelineShape, workload?: Workload): Reason | null {
  const broken = chunkLaw(schedule, shape) ?? schedule.reject?.(shape) ?? null;
  if (broken !== null || workload === undefined || shape.stages === 1) return broken;
  return schedule.excludes?.(workload) ?? null;
}

function chunkLaw({ id, chunks }: Schedule, { virtualStages, stages }: PipelineShape): Reason | null {
  const law = (limit: string, hint: string): Reason => ({
    rule: 'schedule-virtual-stages',
    actual: `vpp=${virtualStages}, pp=${stages}`,
    limit: `${limit} for ${id}`,
    hint,
  });
  if (chunks === 'one') return virtualStages === 1 ? null : law('vpp=1', 'Maybe schedule=interleaved-1f1b.');
  if (chunks === 'fold' || chunks === 'mirror')
    return virtualStages === 2 && stages > 1
      ? null
      : law('vpp=2 and pp above 1', stages > 1 ? 'Maybe vpp=2.' : 'Maybe schedule=1f1b.');
  return virtualStages === 1 || stages > 1 ? null : law('pp above 1', 'Maybe vpp=1.');
}

/** A law that several schedules have: too few micro-batches leave stages without work in their rounds. */
export function enoughMicroBatches(id: string, { microBatches, stages }: PipelineShape): Reason | null {
  return microBatches >= stages
    ? null
    : {
        rule: 'schedule-micro-batches',
        actual: `${microBatches} micro-batches`,
        limit: `at least pp=${stages} for ${id}`,
        hint: 'Maybe a smaller micro-batch or less data parallelism.',
      };
}
