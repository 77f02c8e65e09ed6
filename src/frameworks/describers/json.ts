import { InputError } from '../../domain/input-error.ts';
import type { Plan } from '../../domain/plan.ts';
import { hostRuns } from '../../launch-folder/ranks.ts';
import { launchSchema } from '../../schema/reports.ts';
import { violations } from '../../schema/validator.ts';
import { soundPlan } from '../laws/sound.ts';
import type { Framework } from '../port/framework.ts';
import type { LaunchReader } from '../port/reader.ts';

interface Written {
  readonly sequenceLength: number;
  readonly globalBatchSize: number;
  readonly precision: string;
  readonly plan: Plan;
}

/** The plan is in the file, whole. */
const reader: LaunchReader = {
  file: 'plan.json',
  rules: [{ rule: 'plan-object' }],
  read(source) {
    const { value, locate } = source.value();
    const broken = violations(launchSchema, value);
    return {
      asked() {
        const [first] = broken;
        if (first !== undefined)
          throw new InputError({
            message: first.message,
            expected: first.expected ?? 'what emit --to json wrote',
            at: locate(first.pointer),
          });
        const { sequenceLength, globalBatchSize, precision, plan: one } = value as Written;
        return {
          configuration: {},
          ...{ sequenceLength, globalBatchSize, precision },
          ...{ layers: null, hiddenSize: null },
          plan: () => one,
        };
      },
      violations: () =>
        broken.map(({ message, expected, pointer }) => ({
          rule: 'plan-object',
          line: locate(pointer).line ?? 1,
          actual: message,
          limit: expected ?? 'what emit --to json wrote',
          fix: 'Emit it again.',
        })),
    };
  },
};

/** Any plan, as data for a runtime of one's own: what each host runs, and the plan itself. */
export const json: Framework = {
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
  reader,
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
