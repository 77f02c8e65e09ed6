import type { Plan } from '../domain/plan.ts';
import { dataParallelOf, devicesOf } from '../domain/plan.ts';
import type { Candidate } from './realise.ts';

/** The degrees of a plan; tensor parallelism of the first stage stands for all. */
export function degreesOf(plan: Plan): {
  tp: number;
  cp: number;
  pp: number;
  dp: number;
  ep: number;
  etp: number;
  vpp: number;
} {
  const pipeline = plan.pipelines[0]!;
  return {
    tp: pipeline.stages[0]!.replicas[0]!.tensorParallel,
    cp: plan.contextParallel,
    pp: pipeline.stages.length,
    dp: dataParallelOf(plan),
    ep: plan.expertParallel,
    etp: plan.expertTensorParallel,
    vpp: plan.schedule.virtualStages,
  };
}

/** `64 = 8 TP × 4 PP × 2 DP`: factors of one are left out. */
export function arithmetic(plan: Plan): string {
  const { tp, cp, pp, dp } = degreesOf(plan);
  const factors = [
    [tp, 'TP'],
    [cp, 'CP'],
    [pp, 'PP'],
    [dp, 'DP'],
  ] as const;
  const named = factors.filter(([n]) => n > 1).map(([n, name]) => `${n} ${name}`);
  return `${devicesOf(plan)} = ${named.length > 0 ? named.join(' × ') : '1'}`;
}

/** A candidate as it would be typed after --config. */
export function configurationText({ layout, switches }: Candidate): string {
  const { tp, pp, dp, cp, ep, etp } = layout;
  const expert = ep > 1 || etp > 1 ? `,ep=${ep},etp=${etp}` : '';
  return `tp=${tp},pp=${pp},dp=${dp},cp=${cp}${expert},vpp=${switches.virtualStages},micro-batch=${switches.microBatch},recompute=${switches.recompute.mode},sharding=${switches.sharding}`;
}

/** Any plan as it would be typed after --config, layers included. */
export function planText(plan: Plan): string {
  const { tp, pp, dp, cp, ep, etp, vpp } = degreesOf(plan);
  const expert = ep > 1 || etp > 1 ? `,ep=${ep},etp=${etp}` : '';
  const layers = plan.pipelines[0]!.stages.map((stage) =>
    stage.chunks.reduce((n, c) => n + c.end - c.first, 0),
  );
  const cut = vpp === 1 && pp > 1 ? `,layers=${layers.join('/')}` : '';
  return `tp=${tp},pp=${pp},dp=${dp},cp=${cp}${expert},vpp=${vpp},micro-batch=${plan.microBatchSize},recompute=${plan.recompute.mode},sharding=${plan.optimizerSharding}${cut}`;
}
