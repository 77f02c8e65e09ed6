import { streamSeconds } from '../../hardware/stream.ts';
import { isAligned } from '../../optimizers/aligned-layout.ts';
import { foreachUpdate } from '../../optimizers/foreach-update.ts';
import { dataHidden } from '../../techniques/data-overlap.ts';
import { having, holdingsOf, takenOver } from '../../techniques/index.ts';
import { expose } from '../../techniques/overlap.ts';
import type { StepTraffic } from '../../techniques/traffic.ts';
import type { Owned } from '../memory/owned.ts';
import { beyondShare } from '../memory/unsplit.ts';
import { reducesBeside } from '../reduced-beside.ts';
import type { StageProfile } from '../stage-profile.ts';

/** Once per step and stage, after the last backward and before the next forward: what those passes do not hide. Seconds. */
export interface StageEnd {
  readonly gradientReduce: number;
  /** Gradients on their way off the GPU. */
  readonly gradientFlush: number;
  readonly parameterGather: number;
  readonly optimizer: number;
  /** Beside all of the next step. */
  readonly beside: number;
  /** Of gradients and parameters on the network, beside all of the next step. */
  readonly reduceBeside: number;
}

/** Of one GPU that owns so much. `forward` and `backward`: seconds of the passes behind which traffic can hide. */
export function stageEnd(
  profile: StageProfile,
  owned: Owned,
  behind: { readonly forward: number; readonly backward: number },
): StageEnd {
  return exposedEnd(profile, wholeEnd(profile, owned), behind);
}

/** What is left of it in the open. */
export function exposedEnd(
  profile: StageProfile,
  { reduce, gather, update, flush, drain, beside }: StepTraffic,
  { forward, backward }: { readonly forward: number; readonly backward: number },
): StageEnd {
  const hidden = dataHidden(profile.context);
  const later = reducesBeside(profile.context);
  return {
    gradientReduce: later ? 0 : expose(reduce, hidden.reduce, backward).exposed,
    gradientFlush: flush + drained(drain, profile.context.c.drainHidden * backward),
    parameterGather: later ? 0 : expose(gather, hidden.gather, forward).exposed,
    optimizer: update,
    beside,
    reduceBeside: later ? reduce + gather : 0,
  };
}

/** What goes off the GPU by copy engines hides behind backward, whatever else does. */
function drained(seconds: number, behind: number): number {
  return Math.max(0, seconds - behind);
}

const SENDING = having('stepTraffic');

/** The same with nothing hidden. */
export function wholeEnd({ context }: StageProfile, owned: Owned): StepTraffic {
  const { techniques, group, c } = context;
  const holdings = holdingsOf(context);
  let [reduce, gather, update, flush, drain, beside] = [0, 0, 0, 0, 0, 0];
  const taken = takenOver(techniques);
  const aligned = isAligned(context.problem.workload.optimizerOptions ?? {});
  const states = { ...owned, holdings, whole: owned.unsplit !== null && !aligned };
  for (const one of SENDING) {
    if (taken.has(one.id)) continue;
    const traffic = one.stepTraffic(one.of(techniques), states, context);
    reduce += traffic.reduce;
    gather += traffic.gather;
    update += traffic.update;
    flush += traffic.flush;
    drain += traffic.drain;
    beside += traffic.beside;
  }
  let bytes = 0;
  for (const { state, of, device, share } of holdings) {
    if (state !== 'optimizer states' || device !== 'gpu') continue;
    bytes += share * owned.step[of];
    if (owned.unsplit === null) continue;
    const { seconds, largest } = owned.unsplit;
    bytes += beyondShare(largest.step[of], share);
    update += share * seconds[of] + beyondShare(largest.seconds[of], share);
  }
  const passes = foreachUpdate(context.problem)?.moved ?? 1;
  const kernels = streamSeconds(group.gpu, passes * bytes, 1, { streamFloor: c.streamFloor, streamBytes: 1 });
  return { reduce, gather, update: update + kernels, flush, drain, beside };
}

/**
 * Micro-batches behind whose passes gradient reduction and parameter gathering can hide, as orders have it (src/schedules/interleaved.ts).
 * Plain schedules: the last (or first) one. Interleaved: a chunk's gradients are done when its last round ends, and v − 1 chunks of that round follow.
 */
export function hidingMicroBatches(chunks: number, stages: number, microBatches: number): number {
  return 1 + ((Math.min(stages, microBatches) - 1) * (chunks - 1)) / chunks;
}
