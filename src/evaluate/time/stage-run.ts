import type { Ends, LayerRange, Pipeline, Plan, ReplicaBlock } from '../../domain/plan.ts';
import { replicasOf } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { type Span, spanOfDevices } from '../../hardware/span.ts';
import { having } from '../../techniques/index.ts';
import { specOf } from '../context.ts';
import { endsOf } from '../ends.ts';
import { contentOf, type StageContent } from '../memory/content.ts';
import { type ProfileCache, type StageProfile, stageProfile } from '../stage-profile.ts';
import { type ChunkTime, chunkSeconds, chunkTime } from './chunk-time.ts';
import type { PassTime } from './pass-time.ts';

/** One run of alike replicas of a stage, profiled and timed for one micro-batch. */
export interface BlockRun {
  readonly block: ReplicaBlock;
  readonly profile: StageProfile;
  readonly content: StageContent;
  readonly chunks: readonly ChunkTime[];
  /** By chunk, seconds. */
  readonly forward: readonly number[];
  readonly backward: readonly number[];
  readonly weightGrad: readonly number[];
}

/** A stage of a pipeline: its blocks work side by side; the slowest share sets the stage's pace. */
export interface StageRun {
  readonly ends: Ends;
  readonly chunks: readonly LayerRange[];
  readonly blocks: readonly BlockRun[];
  /** Micro-batches one replica of the stage works through, taken as equal: the pace below is scaled to it. */
  readonly microBatches: number;
  readonly forward: readonly number[];
  readonly backward: readonly number[];
  readonly weightGrad: readonly number[];
}

/** The copies of a stage that runs. */
export function copiesIn(blocks: readonly BlockRun[]): ReplicaBlock[] {
  return blocks.map(({ block }) => block);
}

export function runStages(problem: Problem, plan: Plan, index: number, cache?: ProfileCache): StageRun[] {
  const pipeline = plan.pipelines[index]!;
  const slots = microBatchSlots(pipeline);
  const allEnds = endsOf(plan, pipeline);
  const acrossStages = spanOfStages(problem, pipeline);
  return pipeline.stages.map((stage, s) => {
    const ends = allEnds[s]!;
    const blocks = stage.replicas.map((block): BlockRun => {
      const profile = stageProfile(problem, specOf(plan, pipeline.stages.length, stage, block), cache);
      const { layers, kinds } = problem.model;
      const content = contentOf(layers, kinds.length, stage.chunks, profile.segments);
      const chunks = content.map((counts, chunk) => {
        const time = chunkTime(problem.model, counts, profile, {
          embedding: ends.embedding === chunk,
          head: ends.head === chunk,
        });
        if (ends.head === chunk) addHeadExchange(time.ends.backward, acrossStages, profile);
        return time;
      });
      const split = chunks.map(chunkSeconds);
      return {
        block,
        profile,
        content,
        chunks,
        forward: split.map((one) => one.forward),
        backward: split.map((one) => one.backward),
        weightGrad: chunks.map((chunk) => chunk.weightGrad),
      };
    });
    const pace = (pick: (run: BlockRun) => readonly number[]) =>
      stage.chunks.map((_, chunk) =>
        blocks.reduce(
          (slowest, run) => Math.max(slowest, ((pick(run)[chunk] ?? 0) * run.block.microBatches) / slots),
          0,
        ),
      );
    return {
      ends,
      chunks: stage.chunks,
      blocks,
      microBatches: slots,
      forward: pace((run) => run.forward),
      backward: pace((run) => run.backward),
      weightGrad: pace((run) => run.weightGrad),
    };
  });
}

/** Micro-batches that one replica of the first stage sends down the pipeline. */
function microBatchSlots(pipeline: Pipeline): number {
  return Math.ceil(pipeline.microBatches / replicasOf(pipeline.stages[0]!));
}

/** One GPU of each stage. */
function spanOfStages({ cluster }: Problem, { stages }: Pipeline): Span {
  return spanOfDevices(
    cluster,
    stages.map(({ replicas }) => replicas[0]!.firstDevice),
  );
}

const EXCHANGING = having('headExchange');

/** What stages exchange for the logits of one micro-batch, the pass that has most of it. */
function addHeadExchange(head: PassTime, stages: Span, { context }: StageProfile): void {
  for (const one of EXCHANGING) {
    const exchange = one.headExchange(one.of(context.techniques), stages, context);
    head.tensorParallel += exchange.open;
    head.contention += exchange.beside * context.c.contention;
  }
}
