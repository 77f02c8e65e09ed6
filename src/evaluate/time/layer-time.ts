import type { Stack } from '../../domain/stack.ts';
import type { Again, Operator } from '../../layers/operator.ts';
import { besideNextBlock } from '../../techniques/index.ts';
import type { StageContext } from '../../techniques/technique.ts';
import { Blocks } from './next-block.ts';
import { operatorTime } from './operator-time.ts';
import { addTime, noTime, type PassTime, seconds } from './pass-time.ts';

export interface LayerTime {
  readonly forward: PassTime;
  /** Input and weight gradients, without recomputation. */
  readonly backward: PassTime;
  readonly recompute: PassTime;
  readonly weightGrad: number;
}

/** Host share of what a CUDA graph has captured: replaying it is one launch of some thirty (assumed; a layer has 20 to 60, coefficients `hostUnits…`). */
const REPLAY = 0.03;

/** Host and device run side by side: the pass takes about the longer. A 12-norm rounds the corner, by 6 % where both take as long (assumed). */
const JOIN = 12;

/** Parts one after the other, each launched by itself. */
export function joinedTime(parts: readonly LayerTime[]): LayerTime {
  const all = (pass: 'forward' | 'backward' | 'recompute') =>
    parts.reduce((sum, part) => addTime(sum, part[pass]), noTime());
  return {
    forward: all('forward'),
    backward: all('backward'),
    recompute: all('recompute'),
    weightGrad: parts.reduce((sum, { weightGrad }) => sum + weightGrad, 0),
  };
}

/** As long as they take on average. */
export function meanTime(times: readonly LayerTime[]): LayerTime {
  if (times.length === 1) return times[0]!;
  const all = (pass: 'forward' | 'backward' | 'recompute') =>
    times.reduce((sum, time) => addTime(sum, time[pass], 1 / times.length), noTime());
  return {
    forward: all('forward'),
    backward: all('backward'),
    recompute: all('recompute'),
    weightGrad: times.reduce((sum, { weightGrad }) => sum + weightGrad, 0) / times.length,
  };
}

/** Times the operators of one layer (or of an end of the model) for one micro-batch. */
export function layerTime(operators: readonly Operator[], context: StageContext): LayerTime {
  const forward = noTime();
  const backward = noTime();
  const recompute = noTime();
  let weightGrad = 0;
  if (operators.length === 0) return { forward, backward, recompute, weightGrad };
  const blocks = besideNextBlock(context.techniques) ? new Blocks() : null;
  let units = 0;
  let backwardUnits = 0;
  let recomputedUnits = 0;
  for (const operator of operators) {
    const time = operatorTime(operator, context);
    addTime(forward, time.forward);
    addTime(backward, time.backward);
    weightGrad += time.weightGrad;
    const launched = operator.hostUnits * uncaptured(operator, context.problem.stack.cudaGraphs);
    units += launched;
    backwardUnits += launched * backwardShare(operator);
    // What has no backward is not brought back for it.
    const again = operator.gradients === 'none' ? null : operator.again;
    if (again) {
      addAgain(recompute, time.forward, again);
      recomputedUnits += again.share * launched;
    }
    blocks?.add(operator, time, again ? addAgain(noTime(), time.forward, again) : null);
  }
  const { c, problem, local } = context;
  blocks?.besideNext({ forward, backward, recompute }, c.contention);
  const log = Math.log2(local.tensorParallel);
  const eager = problem.stack.cudaGraphs === 'none' ? 1 : REPLAY;
  const extra = c.hostUnitsTensorParallel * log * eager;
  const unit = problem.stack.host.secondsPerUnit;
  // Shapes that follow the routing make the host wait for the device.
  const dynamic = operators.some((operator) => operator.dynamic === true);
  const sync = dynamic && problem.stack.cudaGraphs !== 'full' ? c.moeHostSync : 0;
  addHost(forward, (units + extra) * unit, sync);
  if (backwardUnits > 0) addHost(backward, (backwardUnits + extra) * unit * c.hostBackwardFactor, sync);
  if (recomputedUnits > 0) {
    const again =
      (recomputedUnits + extra * (recomputedUnits / units) + c.hostUnitsCheckpoint * eager) * unit;
    addHost(recompute, again, sync);
  }
  return { forward, backward, recompute, weightGrad };
}

function addAgain(recompute: PassTime, forward: PassTime, { share, received }: Again): PassTime {
  addTime(recompute, forward, share);
  if (received === 'kept') recompute.tensorParallel -= share * forward.tensorParallel;
  return recompute;
}

/** Of an operator's launches in backward, those for the gradients that are worked out: one of a linear's two without its weights'. */
function backwardShare({ gradients, kernels }: Operator): number {
  if (gradients === 'none') return 0;
  return gradients === 'input' && kernels.some(({ kind }) => kind === 'gemm') ? 0.5 : 1;
}

/** Share of an operator's launches that the host still makes one by one. */
function uncaptured({ dynamic }: Operator, graphs: Stack['cudaGraphs']): number {
  return graphs === 'none' || (graphs === 'partial' && dynamic === true) ? 1 : REPLAY;
}

function addHost(pass: PassTime, host: number, sync: number): void {
  const device = seconds(pass);
  if (device <= 0 && host <= 0) return;
  const longest = Math.max(device, host);
  const joined = longest * ((device / longest) ** JOIN + (host / longest) ** JOIN) ** (1 / JOIN);
  pass.host += joined - device + sync * Math.min(device, host);
}
