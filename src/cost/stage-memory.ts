import type { MemoryEstimate } from '../domain/estimate.ts';
import type { Ends, Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { stageLoad } from '../memory/stage-memory.ts';
import { walk } from '../memory/walk.ts';
import { communicators } from './communicators.ts';
import { shardSpan } from './fully-sharded.ts';
import { settingsOf } from './settings.ts';
import type { BlockRun } from './stage-run.ts';

/** Peak memory of one GPU of a block, given the micro-batches of each chunk in flight at the stage's peak. */
export function stageMemory(
  problem: Problem,
  plan: Plan,
  run: BlockRun,
  inFlight: readonly number[],
  ends: Ends,
): MemoryEstimate {
  const { context, kinds } = run.profile;
  const pipeline = plan.pipelines[run.pipeline]!;
  const { stages } = pipeline;
  const extent = {
    chunks: stages[run.stage]!.chunks,
    first: ends.embedding !== null,
    last: ends.head !== null,
    pipelineStages: stages.length,
    shards: shardSpan(context).size,
    expertShards: context.spans.expertData.size,
  };
  const byKind = kinds.map(({ memory }) => memory);
  const load = stageLoad(problem, settingsOf(plan), context.local, extent, byKind, context.c);
  return walk(load, inFlight, {
    gpu: context.group.gpu,
    headroom: problem.workload.headroom,
    allocator: problem.stack.allocator,
    communicators: communicators(context) + (stages.length > 1 ? 1 : 0),
  });
}
