import type { TitanRun } from './run.ts';
import { type TitanWorkload, workloadOf } from './workload.ts';

/** Degrees worked out once; a shard degree of −1 takes what is left. */
export interface TitanSizes extends TitanWorkload {
  readonly pp: number;
  readonly tp: number;
  readonly cp: number;
  readonly ep: number;
  readonly sequenceParallel: boolean;
  readonly replicate: number;
  /** null: −1, with an unknown number of GPUs. */
  readonly shard: number | null;
  /** Pipeline stages over all ranks; null: torchtitan chooses. */
  readonly stages: number | null;
  readonly gpus: number | null;
}

const P = 'parallelism';

export function sizesOf(run: TitanRun, gpus: number | null): TitanSizes {
  const degree = (name: string) => run.count(`${P}.${name}`) ?? 1;
  const [pp, tp, cp] = [
    degree('pipeline_parallel_degree'),
    degree('tensor_parallel_degree'),
    degree('context_parallel_degree'),
  ];
  const replicate = degree('data_parallel_replicate_degree');
  const rest = pp * tp * cp * replicate;
  const left = gpus !== null && gpus % rest === 0 ? gpus / rest : null;
  const perStage = run.count(`${P}.pipeline_parallel_layers_per_stage`);
  const layers = run.model?.layers ?? null;
  return {
    ...{ pp, tp, cp, replicate, gpus },
    ep: degree('expert_parallel_degree'),
    sequenceParallel: run.at(`${P}.enable_sequence_parallel`) !== false,
    shard: run.count(`${P}.data_parallel_shard_degree`) ?? left,
    stages:
      run.parts?.layers.length ??
      (perStage !== null && layers !== null ? stagesFor(run, layers, perStage) : null),
    ...workloadOf(run, pp),
  };
}

/** Stages when each holds so many layers; embedding and head count as the layers they take the place of. */
export function stagesFor(run: TitanRun, layers: number, layersPerStage: number): number {
  const less = (end: string) => {
    const path = `${P}.pipeline_parallel_${end}_stage_less_layers`;
    return run.at(path) === 0 ? 0 : (run.count(path) ?? 1);
  };
  return Math.ceil((layers + less('first') + less('last')) / layersPerStage);
}
