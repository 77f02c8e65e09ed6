import type { Stack } from '../domain/stack.ts';
import { collectiveSeconds } from '../hardware/collective.ts';
import { type Span, spanOf } from '../hardware/span.ts';
import type { LocalParameters } from '../memory/operator-memory.ts';
import { expose } from '../techniques/exposure.ts';
import type { CostContext } from './context.ts';
import type { LayerTime } from './layer-time.ts';
import { addTime, noTime, type PassTime, seconds } from './pass-time.ts';

/** Ranks that share one set of sharded states. */
export function shardSpan(context: CostContext): Span {
  const { settings, problem, spans, local, group } = context;
  const group_ = settings.shardGroup;
  if (group_ === null || group_ >= spans.gradient.size) return narrowed(spans.gradient, problem.stack);
  return spanOf(problem.cluster, group.firstDevice, local.tensorParallel, group_);
}

/**
 * ZeRO-3/FSDP without a pipeline: each micro-batch gathers a layer's 16-bit weights before forward and again before
 * backward, and scatters its gradients after; prefetch hides what the layer's own compute covers.
 */
export function addShardedTraffic(
  time: LayerTime,
  parameters: LocalParameters,
  context: CostContext,
  pipelined: boolean,
): LayerTime {
  const { settings, problem, c } = context;
  if (settings.optimizerSharding < 3 || pipelined) return time;
  const span = shardSpan(context);
  if (span.size === 1) return time;
  const dense = parameters.dense;
  const gather =
    collectiveSeconds(span, 'allGather', 2 * dense, c) + experts(parameters, context, 'allGather', 2);
  const gradient = Math.min(problem.stack.state.gradients, 4);
  const scatter =
    collectiveSeconds(span, 'reduceScatter', gradient * dense, c) +
    experts(parameters, context, 'reduceScatter', gradient);
  const share = problem.stack.overlap.dataParallel;
  const forward = withTraffic(time.forward, gather, share, c.contention);
  const both = seconds(time.backward) + seconds(time.recompute);
  const backward = withTraffic(time.backward, gather + scatter, share, c.contention, both);
  return { ...time, forward, backward };
}

/** All members of a domain share one NIC's rate. */
function narrowed(span: Span, stack: Stack): Span {
  if (stack.shardedTraffic === 'all-nics' || span.domains === 1) return span;
  return { ...span, networkPerMember: span.networkPerMember / span.perDomain };
}

function experts(
  parameters: LocalParameters,
  { spans, c }: CostContext,
  collective: 'allGather' | 'reduceScatter',
  bytes: number,
): number {
  return collectiveSeconds(spans.expertData, collective, bytes * parameters.expert, c);
}

function withTraffic(
  pass: PassTime,
  traffic: number,
  share: number,
  contention: number,
  compute = seconds(pass),
): PassTime {
  const { exposed, hidden } = expose(traffic, share, compute);
  const sum = addTime(noTime(), pass);
  sum.dataParallel += exposed;
  sum.contention += hidden * contention;
  return sum;
}
