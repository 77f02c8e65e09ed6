import type { Launcher } from './launcher.ts';
import { hostRuns } from './ranks.ts';
import { soundPlan } from './sound.ts';

/** Any plan, as data for a runtime of one's own: what each host runs, and the plan itself. */
export const json: Launcher = {
  id: 'json',
  name: 'plain JSON',
  stack: 'generic',
  capabilities: {
    unevenLayers: true,
    gpuTypePerStage: true,
    tensorParallelPerStage: true,
    unequalMicroBatches: true,
    severalPipelines: true,
    unequalHosts: true,
    mixedVendors: true,
  },
  reject: soundPlan,
  render: ({ model, cluster, workload }, plan, { origin }) => [
    {
      path: 'plan.json',
      content: `${JSON.stringify(
        {
          schema: 'shardwright.launch/1',
          origin,
          model: model.name,
          sequenceLength: workload.sequenceLength,
          globalBatchSize: workload.globalBatchSize,
          precision: workload.precision,
          hosts: hostRuns(cluster, plan).map(({ host, group, firstGpu, gpus }) => ({
            host,
            gpuType: cluster.groups[group]!.gpu.id,
            firstGpu,
            gpus,
          })),
          plan,
        },
        null,
        2,
      )}\n`,
    },
  ],
};
