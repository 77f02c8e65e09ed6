import { layersOf, microBatchSizeOf } from '../../domain/plan.ts';
import { shellQuote } from '../../launch-folder/quote.ts';
import { hostRuns } from '../../launch-folder/ranks.ts';
import { degreesOf } from '../../plan-text/degrees.ts';
import { modelText } from '../../plan-text/model-text.ts';
import { optimizerText } from '../../plan-text/optimizer-text.ts';
import { packingText } from '../../plan-text/packing-text.ts';
import { trainingFlags } from '../../plan-text/training-text.ts';
import { TECHNIQUES } from '../../techniques/index.ts';
import { recompute } from '../../techniques/recompute.ts';
import { sequenceParallel } from '../../techniques/sequence-parallel.ts';
import { zero } from '../../techniques/zero.ts';
import { lawOf } from '../laws/structure.ts';
import { type Framework, HOST_ORDER, type Reach } from '../port/framework.ts';
import { EVERYTHING } from './reach.ts';

const reach: Reach = {
  name: 'shell variables',
  capabilities: { ...HOST_ORDER, endsAlone: true, networkPerGroup: true },
  express: EVERYTHING,
};

/** Techniques that have variables of their own names; any other is told by its id and as --config takes it. */
const NAMED: readonly { readonly id: string }[] = [sequenceParallel, recompute, zero];

/** Shell variables for scripts of one's own: `eval "$(cat plan.env)"`. */
export const env: Framework = {
  id: 'env',
  ...reach,
  stack: 'generic',
  ...lawOf(reach, [], []),
  render: ({ model, cluster, workload }, plan) => {
    const { tp, pp, cp, dp, dpReplicate, dpShard, ep, etp, vpp } = degreesOf(plan);
    const runs = hostRuns(cluster, plan);
    const stages = plan.pipelines[0]!.stages;
    const { techniques } = plan;
    const { mode, modules, layersPerStage, budget } = recompute.of(techniques);
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
          DATA_PARALLEL_REPLICATE: dpReplicate,
          DATA_PARALLEL_SHARD: dpShard,
          EXPERT_PARALLEL: ep,
          EXPERT_TENSOR_PARALLEL: etp,
          SEQUENCE_PARALLEL: sequenceParallel.of(techniques),
          MICRO_BATCH_SIZE: microBatchSizeOf(plan),
          GLOBAL_BATCH_SIZE: workload.globalBatchSize,
          GRADIENT_ACCUMULATION_STEPS: stages[0]!.replicas[0]!.microBatches,
          SEQUENCE_LENGTH: workload.sequenceLength,
          PRECISION: workload.precision,
          OPTIMIZER: optimizerText(workload),
          ...Object.fromEntries(
            Object.entries(trainingFlags(model.training)).map(([flag, text]) => [variable(flag), text]),
          ),
          ...(workload.packing === undefined ? {} : { PACKING: packingText(workload.packing) }),
          ...(workload.models === undefined ? {} : { MODELS: workload.models.map(modelText).join(',') }),
          SCHEDULE: plan.schedule,
          RECOMPUTE: mode,
          RECOMPUTE_MODULES: modules.join(' '),
          RECOMPUTE_LAYERS: layersPerStage ?? '',
          ...(budget === undefined ? {} : { RECOMPUTE_BUDGET: budget }),
          ZERO_STAGE: zero.of(techniques),
          ...Object.fromEntries(
            TECHNIQUES.filter(({ id }) => !NAMED.some((one) => one.id === id)).map(({ id, of, format }) => [
              variable(id),
              format(of(techniques)),
            ]),
          ),
          LAYERS_PER_STAGE: stages.map(layersOf).join(' '),
          WORLD_SIZE: runs.reduce((sum, run) => sum + run.gpus.length, 0),
          NNODES: runs.length,
          GPUS_PER_NODE: runs[0]!.gpus.length,
          MASTER_ADDR: runs[0]!.host,
          HOSTS: runs.map((run) => run.host).join(' '),
        }),
      },
    ];
  },
};

function variable(id: string): string {
  return id.replaceAll('-', '_').toUpperCase();
}

/** A file of KEY=value lines that `eval` and `source` read. */
function environmentFile(values: Readonly<Record<string, string | number | boolean>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${shellQuote(String(value))}\n`)
    .join('');
}
