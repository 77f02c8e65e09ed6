import type { ParallelDims } from '../domain/parallel-dims.ts';
import type { Techniques } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';
import type { Operator } from '../layers/operator.ts';
import type { Dispatch } from './dispatched.ts';
import type { Holding } from './holding.ts';
import { noneOf } from './misread.ts';
import { offloadActivations } from './offload-activations.ts';
import { cpuUpdateSeconds, offloadOptimizer, updatedOnCpu } from './offload-optimizer.ts';
import { offloadParameters } from './offload-parameters.ts';
import { FULL_RECOMPUTE, recompute } from './recompute.ts';
import { type StageContext, type StateContext, technique } from './technique.ts';
import { NO_TRAFFIC, type StepStates, type StepTraffic } from './traffic.ts';
import { zero } from './zero.ts';

const FORMS = ['', ':layer', ':unpinned', ':layer:unpinned'];

/** After the word: `layer` after layer is recomputed, not stages whole; weights lie in memory that is not pinned. */
const VALUES = ['off', ...['sync', 'async'].flatMap((how) => FORMS.map((form) => `${how}${form}`))];

const CALLED = { none: 'off', false: 'off', roundpipe: 'async', true: 'async' };

/**
 * Stages without a home: runs of layers lie in host memory and are dealt to the GPUs of one host in turn, forward and backward cut
 * each in its own way, whole stages (or layer after layer) recomputed, all states updated by the CPU: RoundPipe (arXiv 2604.27085;
 * ITcarrot/RoundPipe@e813c67). `async`: the next step begins before the update of this one is done, with weights one step old.
 */
export const dispatch = technique<string>({
  id: 'dispatch',
  aliases: [],
  ofDecoders: true,
  allowedAs: 'offload',
  pricedAs: 'stale',
  // Off, GPUs reduce gradients and update; on, layers are recomputed: either may take less.
  barest: null,
  off: 'off',
  schema: { enum: VALUES },
  affects: 'layer',
  parse: (text) => VALUES.find((value) => value === text) ?? noneOf(VALUES, text, CALLED),
  format: String,
  name: 'dispatch',
  words: (value) => (value === 'off' ? 'none' : value),
  choices: (_, dims, asked) =>
    asked === undefined ? (onGpusAlone(dims) ? ['off', 'sync', 'async'] : ['off']) : [asked],
  reject: (value, problem, dims, _, techniques) =>
    value === 'off' ? null : lawOf(value, problem, dims, techniques),
  oneHost: (value) => value !== 'off',
  devices: (value) => (value === 'off' ? [] : ['host']),
  dispatch: dispatchOf,
  // What is copied: masters and moments stay with the CPU.
  pins: (value) => {
    const dispatch = dispatchOf(value);
    return dispatch === null ? null : dispatch.pinned ? ['weights', 'gradients'] : [];
  },
  takesOver: (value) => (value === 'off' ? [] : [zero.id]),
  price: (value) =>
    dispatchOf(value)?.flows === true
      ? ['dispatch=async: each gradient is taken of weights one step old; no loss curves of it are published']
      : [],
  stale: (value) =>
    dispatchOf(value)?.flows === true ? { updates: 1, weightVersions: 1, sameWeights: true } : null,
  layer: (value, operators, context) => (value === 'off' ? [...operators] : recomputed(operators, context)),
  holdings: (value, holdings, { dims }) => (value === 'off' ? [...holdings] : once(holdings, dims)),
  stepTraffic,
});

function dispatchOf(value: string): Dispatch | null {
  if (value === 'off') return null;
  const [how, ...words] = value.split(':');
  return {
    flows: how === 'async',
    grain: words.includes('layer') ? 'layer' : 'stage',
    pinned: !words.includes('unpinned'),
  };
}

function onGpusAlone({ tp, cp, pp, ep, dpReplicate }: ParallelDims): boolean {
  return [tp, cp, pp, ep, dpReplicate].every((degree) => degree === 1);
}

/** Any GPU works on any stage, and all that offloading and recomputation do is done by itself. */
function lawOf(value: string, problem: Problem, dims: ParallelDims, techniques: Techniques): Reason | null {
  if (!onGpusAlone(dims)) {
    const { tp, cp, pp, ep, dpReplicate } = dims;
    return {
      rule: 'dispatch',
      actual: `tp=${tp}, cp=${cp}, pp=${pp}, ep=${ep}, dp-replicate=${dpReplicate}`,
      limit: '1 of each: every GPU works on every stage in turn; dp counts them',
      hint: 'Maybe tp=1,pp=1 and dp as many as GPUs.',
    };
  }
  const usual = zero.usual!(problem, dims);
  const others = [
    ...[recompute, offloadParameters, offloadActivations, offloadOptimizer].filter(
      (one) => JSON.stringify(one.of(techniques)) !== JSON.stringify(one.off),
    ),
    ...(zero.of(techniques) === usual ? [] : [zero]),
  ];
  if (others.length > 0)
    return {
      rule: 'dispatch',
      actual: `dispatch=${value} with ${others.map(({ id }) => id).join(', ')} set`,
      limit: `dispatch alone (sharding=${usual}): states lie once on the host, stages are recomputed whole`,
      hint: 'Maybe without them.',
    };
  return updatedOnCpu(problem)
    ? null
    : {
        rule: 'dispatch',
        actual: `${problem.workload.optimizer} on the CPU`,
        limit: 'what updates element by element',
      };
}

/** Of a micro-batch a stage leaves its input alone, on the host: that is counted by stages, not by layers. */
function recomputed(operators: readonly Operator[], context: StageContext): Operator[] {
  const again = recompute.layer!(FULL_RECOMPUTE, operators, context);
  return again.map((operator) =>
    operator.logits === true
      ? operator
      : { ...operator, saved: operator.saved.filter(({ dropped }) => dropped) },
  );
}

/** All GPUs of the host share one copy of all states. */
function once(holdings: readonly Holding[], { dpShard }: ParallelDims): Holding[] {
  return holdings.map((one) => ({ ...one, device: 'host', share: 1 / dpShard }));
}

/** The CPU's update of one GPU's share, while it updates those of all: after the step, or beside the next one. */
function stepTraffic(value: string, states: StepStates, context: StateContext): StepTraffic {
  if (value === 'off') return NO_TRAFFIC;
  const seconds = cpuUpdateSeconds(states, context, context.dims.dpShard);
  return dispatchOf(value)!.flows ? { ...NO_TRAFFIC, beside: seconds } : { ...NO_TRAFFIC, update: seconds };
}
