import { check } from '../../document/validator.ts';
import { InputError } from '../../domain/input-error.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { gpuRuns } from '../../launch-folder/ranks.ts';
import { planLaw } from '../../laws/plan.ts';
import { modelText } from '../../plan-text/model-text.ts';
import { optimizerText, optimizerWords } from '../../plan-text/optimizer-text.ts';
import { packingText } from '../../plan-text/packing-text.ts';
import { trainingFlags } from '../../plan-text/training-text.ts';
import { type LaunchDocument, launchSchema } from '../../schema/launch.ts';
import type { Framework } from '../port/framework.ts';
import type { LaunchReader } from '../port/reader.ts';
import { EVERYTHING } from './reach.ts';

/** The plan is in the file, whole. */
const reader: LaunchReader = {
  file: 'plan.json',
  rules: [{ rule: 'plan-object' }],
  read(source) {
    const { value, locate } = source.value();
    const checked = check(launchSchema, value);
    return {
      asked() {
        if (!checked.ok) {
          const [first] = checked.violations;
          throw new InputError({
            message: first.message,
            expected: first.expected ?? 'what emit --to json wrote',
            at: locate(first.pointer),
          });
        }
        const {
          sequenceLength,
          globalBatchSize,
          precision,
          optimizer,
          packing,
          models,
          training,
          plan: one,
        } = checked.value;
        return {
          configuration: {},
          ...{ sequenceLength, globalBatchSize, precision },
          ...{ layers: null, hiddenSize: null },
          ...(optimizer === undefined ? {} : { optimizer }),
          ...(training === undefined ? {} : { training }),
          ...(packing === undefined ? {} : { packing }),
          ...(models === undefined ? {} : { models }),
          plan: () => one,
        };
      },
      violations: () =>
        (checked.ok ? [] : checked.violations).map(({ message, expected, pointer }) => ({
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
  express: EVERYTHING,
  stack: 'generic',
  capabilities: {
    pipeline: true,
    tensorParallel: true,
    unevenLayers: true,
    endsAlone: true,
    unequalMicroBatchSizes: true,
    ownMicroBatchSizes: true,
    unequalStateShares: true,
    gpuTypePerStage: true,
    tensorParallelPerStage: true,
    unequalMicroBatches: true,
    severalPipelines: true,
    islands: true,
    unequalHosts: true,
    mixedVendors: true,
    networkPerGroup: true,
  },
  reader,
  reject: planLaw,
  render: (problem, plan, { origin }) => [
    { path: 'plan.json', content: `${JSON.stringify(written(problem, plan, origin), null, 2)}\n` },
  ],
};

function written({ model, cluster, workload }: Problem, plan: Plan, origin: string): LaunchDocument {
  return {
    schema: 'shardwright.launch/2',
    origin,
    model: model.name,
    sequenceLength: workload.sequenceLength,
    globalBatchSize: workload.globalBatchSize,
    precision: workload.precision,
    ...(workload.packing === undefined ? {} : { packing: packingText(workload.packing) }),
    ...(workload.models === undefined ? {} : { models: workload.models.map(modelText).join(',') }),
    ...(optimizerWords(workload) === null ? {} : { optimizer: optimizerText(workload) }),
    ...(model.training === undefined
      ? {}
      : { training: { train: 'full', ...trainingFlags(model.training) } }),
    hosts: gpuRuns(cluster, plan).map(({ host, group, firstGpu, gpus }): LaunchDocument['hosts'][number] => ({
      host,
      gpuType: cluster.groups[group]!.gpu.id,
      firstGpu,
      gpus,
    })),
    plan,
  };
}
