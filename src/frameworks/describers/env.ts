import { shellQuote } from '../../launch-folder/quote.ts';
import { hostRuns } from '../../launch-folder/ranks.ts';
import { degreesOf } from '../../search/label.ts';
import { lawOf } from '../laws/structure.ts';
import { type Framework, HOST_ORDER } from '../port/framework.ts';

/** Shell variables for scripts of one's own: `eval "$(cat plan.env)"`. */
export const env: Framework = {
  id: 'env',
  name: 'shell variables',
  stack: 'generic',
  capabilities: HOST_ORDER,
  ...lawOf('shell variables', HOST_ORDER, [], []),
  render: ({ model, cluster, workload }, plan) => {
    const { tp, pp, cp, dp, ep, etp, vpp } = degreesOf(plan);
    const runs = hostRuns(cluster, plan);
    const stages = plan.pipelines[0]!.stages;
    return [
      {
        path: 'plan.env',
        content: environmentFile({
          MODEL: model.name,
          TENSOR_PARALLEL: tp,
          PIPELINE_PARALLEL: pp,
          VIRTUAL_STAGES: vpp,
          CONTEXT_PARALLEL: cp,
          DATA_PARALLEL: dp,
          EXPERT_PARALLEL: ep,
          EXPERT_TENSOR_PARALLEL: etp,
          SEQUENCE_PARALLEL: plan.sequenceParallel,
          MICRO_BATCH_SIZE: plan.microBatchSize,
          GLOBAL_BATCH_SIZE: workload.globalBatchSize,
          GRADIENT_ACCUMULATION_STEPS: stages[0]!.replicas[0]!.microBatches,
          SEQUENCE_LENGTH: workload.sequenceLength,
          PRECISION: workload.precision,
          SCHEDULE: plan.schedule.id,
          RECOMPUTE: plan.recompute.mode,
          RECOMPUTE_MODULES: plan.recompute.modules.join(' '),
          RECOMPUTE_LAYERS: plan.recompute.layersPerStage ?? '',
          ZERO_STAGE: plan.optimizerSharding,
          LAYERS_PER_STAGE: stages
            .map(({ chunks }) => chunks.reduce((sum, { first, end }) => sum + end - first, 0))
            .join(' '),
          WORLD_SIZE: runs.reduce((sum, run) => sum + run.gpus, 0),
          NNODES: runs.length,
          GPUS_PER_NODE: runs[0]!.gpus,
          MASTER_ADDR: runs[0]!.host,
          HOSTS: runs.map((run) => run.host).join(' '),
        }),
      },
    ];
  },
};

/** A file of KEY=value lines that `eval` and `source` read. */
function environmentFile(values: Readonly<Record<string, string | number | boolean>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${shellQuote(String(value))}\n`)
    .join('');
}
