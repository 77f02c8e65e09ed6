import type { Coefficients } from '../../hardware/coefficients.ts';
import { collectiveSeconds, pointToPointSeconds } from '../../hardware/collective.ts';
import type { Span } from '../../hardware/span.ts';
import { gradientBytes } from '../../techniques/zero.ts';
import type { StageProfile } from '../stage-profile.ts';

/** Bytes of one GPU's gradient of an embedding that the head has too; 0: it is not tied, or not trained. */
export function tiedBytes({ context: { problem }, embedding }: StageProfile): number {
  return problem.model.tiedEmbeddings ? gradientBytes(problem) * embedding.memory.largest : 0;
}

/** Seconds in which first and last stage sum it up, once a step, over what lies between the two. */
export function tiedSeconds(bytes: number, between: Span, c: Coefficients): number {
  return Math.max(collectiveSeconds(between, 'allReduce', bytes, c), pointToPointSeconds(between, bytes, c));
}
