import type { Estimate } from '../domain/estimate.ts';
import { devicesOf, groupsOf, type Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { withNetworkAt } from '../domain/slower-network.ts';
import { estimate } from '../evaluate/estimate.ts';
import { type BlastRadius, blastRadii } from './blast-radius.ts';
import { type Checkpoint, checkpointOf, type Saving, usualSaving } from './checkpoint.ts';
import { dalyInterval, goodput, youngInterval } from './interval.ts';
import { type Shortage, type Spares, shortage } from './spares.ts';

/** What is said of failures; what is left out is taken as usual, and told so. Seconds. */
export interface Failures {
  /** Mean time between failures that stop the job: of one GPU, of one host, or of the job as it is; null: as usual. */
  readonly mtbf: { readonly of: 'gpu' | 'host' | 'job'; readonly seconds: number } | null;
  readonly saving: Saving | null;
  readonly restartSeconds: number | null;
  readonly spares: Spares | null;
  /** Share of its bandwidth that the network keeps under the traffic of others; null: all. */
  readonly congestion: number | null;
}

/** How much of its time a plan trains, in the long run. Seconds. */
export interface Outlook {
  readonly mttfSeconds: number;
  readonly checkpoint: Checkpoint & {
    readonly intervalSeconds: number;
    readonly youngSeconds: number;
    readonly dalySeconds: number;
  };
  readonly restartSeconds: number;
  readonly shortage: Shortage | null;
  readonly goodput: number;
  /** Of the step on the network as it is. */
  readonly congestion: { readonly share: number; readonly stepSeconds: number } | null;
  /** Of what is kept, after all losses. */
  readonly tokensPerSecond: number;
  readonly blastRadii: readonly BlastRadius[];
  readonly assumptions: readonly string[];
}

const DAY = 86_400;

/** Llama 3's 419 unexpected interruptions in 54 days of 16,384 H100 (arXiv 2407.21783, section 3.3.4): 2,111 GPU-days for each. */
export const USUAL_MTBF = (54 * 16_384 * DAY) / 419;

/** Noticing it, scheduling, initialising, loading: OLMo's median is 3 m 42 s, AWS writes of 15 minutes. */
const USUAL_RESTART = 300;

/** What a plan yields where GPUs fail. */
export function outlookOf(problem: Problem, plan: Plan, costed: Estimate, said: Failures): Outlook {
  const gpus = devicesOf(plan);
  const hosts = hostsOf(problem, plan);
  const mttfSeconds = jobMttf(said.mtbf, gpus, hosts);
  const { stallSeconds, ...checkpoint } = checkpointOf(problem, plan, said.saving ?? usualSaving(hosts));
  const short = said.spares === null ? null : shortage(said.spares, 1 / mttfSeconds);
  const restart = said.restartSeconds ?? USUAL_RESTART;
  const restartSeconds = restart + (short === null ? 0 : short.share * short.waitSeconds);
  const times = { mttf: mttfSeconds, saving: stallSeconds, restart: restartSeconds };
  const dalySeconds = dalyInterval(times);
  // Storage takes the next one when it has this one, and no interval is shorter than a step.
  const intervalSeconds = Math.max(dalySeconds, checkpoint.writeSeconds, costed.stepSeconds);
  const kept = goodput(times, intervalSeconds);
  const congestion = said.congestion === null ? null : congested(problem, plan, said.congestion);
  const slower = congestion === null ? 1 : costed.stepSeconds / congestion.stepSeconds;
  return {
    mttfSeconds,
    checkpoint: {
      ...checkpoint,
      stallSeconds,
      intervalSeconds,
      youngSeconds: youngInterval(times),
      dalySeconds,
    },
    restartSeconds,
    shortage: short,
    goodput: kept,
    congestion,
    tokensPerSecond: costed.tokensPerSecond * slower * kept,
    blastRadii: blastRadii(problem, plan),
    assumptions: assumedOf(said, hosts),
  };
}

function jobMttf(mtbf: Failures['mtbf'], gpus: number, hosts: number): number {
  if (mtbf === null) return USUAL_MTBF / gpus;
  return mtbf.seconds / (mtbf.of === 'gpu' ? gpus : mtbf.of === 'host' ? hosts : 1);
}

/** Those that a plan uses, whole ones. */
function hostsOf({ cluster }: Problem, plan: Plan): number {
  const used = groupsOf(plan).map((index) => cluster.groups[index]!);
  const most = used.reduce((sum, { nodes }) => sum + nodes, 0);
  const gpus = Math.max(...used.map(({ gpusPerNode }) => gpusPerNode));
  return Math.min(most, Math.ceil(devicesOf(plan) / gpus));
}

function congested(problem: Problem, plan: Plan, share: number) {
  const slower = { ...problem, cluster: withNetworkAt(share, problem.cluster) };
  return { share, stepSeconds: estimate(slower, plan).stepSeconds };
}

function assumedOf({ mtbf, saving, restartSeconds, spares }: Failures, hosts: number): string[] {
  const usual = usualSaving(hosts);
  const rate = usual.kind === 'stall' ? 0 : usual.bandwidth / 1e9;
  return [
    ...(mtbf === null
      ? ['a GPU stops the job every 2,111 days, as in the 54 days of Llama 3 on 16,384 H100']
      : []),
    ...(saving === null ? [`storage takes ${Number(rate.toFixed(1))} GB/s, training waiting`] : []),
    ...(restartSeconds === null ? [`${USUAL_RESTART / 60} minutes to notice a failure and start again`] : []),
    ...(spares === null ? ['a spare host is always there'] : []),
    'failures come one by one, at random',
  ];
}
