import type { Problem } from '../../domain/problem.ts';
import type { Coefficients } from '../../hardware/coefficients.ts';
import { collectiveSeconds, pointToPointSeconds } from '../../hardware/collective.ts';
import type { Span } from '../../hardware/span.ts';
import { stageBoundary } from '../../hardware/stage-boundary.ts';
import { gradientBytes } from '../../techniques/sharded-traffic.ts';
import type { StageProfile } from '../stage-profile.ts';
import { copiesIn, type StageRun } from './stage-run.ts';

/** Bytes of one GPU's gradient of an embedding that the head has too; 0: it is not tied, or not trained. */
export function tiedBytes({ context: { problem }, embedding }: StageProfile): number {
  return problem.model.tiedEmbeddings ? gradientBytes(problem) * embedding.memory.largest : 0;
}

/**
 * Seconds in which two stages sum up so many bytes of each GPU's gradients, once a step, all copies at once, over what lies between
 * (_allreduce_word_embedding_grads in megatron/core/distributed/finalize_model_grads.py).
 */
export function tiedSeconds(bytes: number, between: Span, c: Coefficients): number {
  return Math.max(collectiveSeconds(between, 'allReduce', bytes, c), pointToPointSeconds(between, bytes, c));
}

/** The same for two stages of a plan. */
export function summedBetween(
  { cluster }: Problem,
  bytes: number,
  { blocks }: StageRun,
  { blocks: others }: StageRun,
): number {
  const { dims, c } = blocks[0]!.profile.context;
  const ways = stageBoundary(cluster, copiesIn(blocks), copiesIn(others), dims.cp, false);
  return tiedSeconds(bytes, ways.together, c);
}
