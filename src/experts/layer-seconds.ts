import type { Problem } from '../domain/problem.ts';
import { stageContext } from '../evaluate/context.ts';
import { operatorTime } from '../evaluate/time/operator-time.ts';
import { seconds } from '../evaluate/time/pass-time.ts';
import { type MoeMlp, moe } from '../layers/ffn/moe.ts';
import { type LeastLoadedRule, leastLoaded } from './least-loaded.ts';
import { imbalanceOf, type Loads, rankLoads } from './loads.ts';

/** The routed experts of one layer, forward, from the router to the sum of what comes back. Seconds. */
interface LayerSeconds {
  readonly expertParallel: number;
  readonly leastLoaded: number;
}

/**
 * Bytes/s at which a rank sends weights of spilled experts, one tensor after another, and seconds of planning for each expert, in Python
 * on the host: fitted to the speed-ups of gpt-oss-120b and DeepSeek-V3 on eight H200 (arXiv 2601.17111, figure of one layer).
 */
const WEIGHTS_RATE = 83e9;
const PLANNING = 20e-6;

/** On ranks of the problem's first group, each with `tokens` tokens; loads are of all ranks together. */
export function layerSeconds(
  problem: Problem,
  spec: MoeMlp,
  ranks: number,
  {
    loads,
    tokens,
    rule,
  }: { readonly loads: Loads; readonly tokens: number; readonly rule?: LeastLoadedRule },
): LayerSeconds {
  const at = (imbalance: number) => routedSeconds(problem, spec, ranks, tokens, imbalance);
  const home = at(imbalanceOf(rankLoads(loads, ranks)));
  const { loads: dealt, spilled } = leastLoaded(loads, ranks, rule);
  if (spilled.length === 0) return { expertParallel: home, leastLoaded: home };
  const each = loads.length / ranks;
  const sent = new Array<number>(ranks).fill(0);
  for (const { expert } of spilled) sent[Math.floor(expert / each)]! += 1;
  const matrices = spec.gated ? 3 : 2;
  const bytes = 2 * matrices * problem.model.hiddenSize * spec.expertFfnHiddenSize;
  const moved = (Math.max(...sent) * bytes) / WEIGHTS_RATE;
  return { expertParallel: home, leastLoaded: at(imbalanceOf(dealt)) + moved + PLANNING * spec.experts };
}

/** The barrier of each exchange waits for the rank with most, whose tokens all come in over its own links. */
function routedSeconds(
  given: Problem,
  spec: MoeMlp,
  ranks: number,
  tokens: number,
  imbalance: number,
): number {
  const problem: Problem = {
    ...given,
    stack: { ...given.stack, routing: 'natural' },
    workload: { ...given.workload, sequenceLength: tokens, routing: { imbalance } },
  };
  const dims = { tp: 1, cp: 1, pp: 1, dpReplicate: 1, dpShard: ranks, ep: ranks, etp: 1, vpp: 1 };
  const context = stageContext(problem, {
    group: 0,
    firstDevice: 0,
    dims,
    microBatchSize: 1,
    schedule: '1f1b',
    techniques: {},
  });
  const { model, stack } = problem;
  const operators = moe
    .operators({ ...spec, sharedFfnHiddenSize: 0 }, { model, stack, local: context.local, c: context.c })
    .filter(({ name }) => name !== 'router');
  return operators.reduce((sum, one) => sum + seconds(operatorTime(one, context).forward), 0);
}
