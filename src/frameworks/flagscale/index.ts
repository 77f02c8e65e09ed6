import { commentText } from '../../launch-folder/quote.ts';
import { lawOf } from '../laws/structure.ts';
import { packageNotes } from '../megatron/needs.ts';
import { MEGATRON_CAPABILITIES, MEGATRON_EXPRESS } from '../megatron/reach.ts';
import { MEGATRON_PLAN_RULES, MEGATRON_PROBLEM_RULES } from '../megatron/rules.ts';
import type { Framework, Reach } from '../port/framework.ts';
import { EXPERIMENT, experiment } from './experiment.ts';
import { HOSTFILE, hostfileText, typedHosts } from './hostfile.ts';
import { OUTLINE_RULES, PLAN_RULES, PROBLEM_RULES } from './plan-rules.ts';
import { flagscaleReader } from './reader.ts';
import { script } from './script.ts';
import { TRAINING, training } from './training.ts';

const reach: Reach = {
  name: 'FlagScale',
  capabilities: {
    ...MEGATRON_CAPABILITIES,
    endsAlone: false,
    tensorParallelPerStage: true,
    unequalMicroBatchSizes: true,
    unequalHosts: true,
    mixedVendors: true,
    networkPerGroup: true,
  },
  express: { ...MEGATRON_EXPRESS, schedules: ['1f1b'], precisions: ['bf16', 'fp16', 'fp8', 'mxfp8'] },
};

/** FlagScale v0.9.0: `meshes.yaml`, Megatron-LM's arguments with a mesh of its own degrees for each type of GPU. */
export const flagscale: Framework = {
  id: 'flagscale',
  ...reach,
  stack: 'megatron-core',
  reader: flagscaleReader,
  ...lawOf(
    reach,
    [...PROBLEM_RULES, ...MEGATRON_PROBLEM_RULES],
    [...PLAN_RULES, ...MEGATRON_PLAN_RULES],
    OUTLINE_RULES,
  ),
  render: (problem, plan, context) => {
    const origin = commentText(context.origin);
    const hosts = typedHosts(problem.cluster, plan);
    return [
      { path: TRAINING, content: training(problem, plan, origin) },
      { path: `${EXPERIMENT}.yaml`, content: experiment(problem, plan, origin) },
      { path: HOSTFILE, content: hostfileText(hosts, origin) },
      { path: 'launch.sh', executable: true, content: script(problem, plan, context.origin) },
    ];
  },
  notes: (problem) => [
    ...packageNotes(problem),
    '**Versions**: FlagScale v0.9.0 (branch main-legacy), or v1.0 with Megatron-LM-FL v0.1.0 and the entrypoint `./flagscale/train/megatron/train_gpt.py`. Megatron-LM-FL v0.2.0 and later do not read `hetero_pipeline_layer_split`: nothing refuses it there, and meshes build other layers than planned.',
    `Over SSH, from one host, in a checkout: \`SHARDWRIGHT_FOLDER=FOLDER python3 run.py --config-path FOLDER --config-name ${EXPERIMENT} action=run\`, FOLDER being the full path of this one.`,
  ],
};
