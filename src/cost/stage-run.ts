import type { Pipeline, Plan, ReplicaBlock } from '../domain/plan.ts';
import { endsOf, replicasOf } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { contentOf, type StageContent } from '../memory/content.ts';
import { type ChunkTime, chunkSeconds, chunkTime } from './chunk-time.ts';
import { seconds } from './pass-time.ts';
import { settingsOf } from './settings.ts';
import { type ProfileCache, type StageProfile, stageProfile } from './stage-profile.ts';
import { addVocabularyExchange } from './vocabulary-parallel.ts';

/** One run of alike replicas of a stage, profiled and timed for one micro-batch. */
export interface BlockRun {
  readonly pipeline: number;
  readonly stage: number;
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
  readonly blocks: readonly BlockRun[];
  /** Micro-batches one replica of the stage works through, taken as equal: the pace below is scaled to it. */
  readonly microBatches: number;
  readonly forward: readonly number[];
  readonly backward: readonly number[];
  readonly weightGrad: readonly number[];
}

export function runStages(problem: Problem, plan: Plan, index: number, cache?: ProfileCache): StageRun[] {
  const pipeline = plan.pipelines[index]!;
  const settings = settingsOf(plan);
  const slots = microBatchSlots(pipeline);
  const allEnds = endsOf(plan, pipeline);
  return pipeline.stages.map((stage, stageIndex) => {
    const dataParallel = replicasOf(stage);
    const ends = allEnds[stageIndex]!;
    const blocks = stage.replicas.map((block): BlockRun => {
      const shape = { group: block.group, tensorParallel: block.tensorParallel, dataParallel };
      const pipelined = pipeline.stages.length > 1;
      const profile = stageProfile(problem, settings, shape, block.firstDevice, pipelined, cache);
      const { layers, kinds } = problem.model;
      const content = contentOf(layers, kinds.length, stage.chunks, profile.segments);
      const chunks = content.map((counts, chunk) => {
        const time = chunkTime(problem.model, counts, profile, {
          embedding: ends.embedding === chunk,
          head: ends.head === chunk,
        });
        if (ends.head === chunk) addVocabularyExchange(time.head, plan, pipeline, profile);
        return time;
      });
      const split = chunks.map((chunk) => chunkSeconds(chunk, profile, seconds));
      return {
        pipeline: index,
        stage: stageIndex,
        block,
        profile,
        content,
        chunks,
        forward: split.map((s) => s.forward),
        backward: split.map((s) => s.backward),
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
