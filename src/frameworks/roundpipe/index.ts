import { oneProcess } from '../../launch-folder/one-process.ts';
import { dispatch } from '../../techniques/dispatch.ts';
import { separateModules } from '../laws/peft-modules.ts';
import { no, ofTechniques, type ProblemRule, type Rule } from '../laws/rule.ts';
import { lawOf } from '../laws/structure.ts';
import { type Framework, HOST_ORDER, type Reach } from '../port/framework.ts';
import { program } from './program.ts';

const reach: Reach = {
  name: 'RoundPipe',
  capabilities: {
    ...HOST_ORDER,
    pipeline: false,
    tensorParallel: false,
    unevenLayers: false,
    gpuTypePerStage: false,
  },
  express: {
    layers: ['softmax', 'dense', 'moe'],
    schedules: [],
    optimizers: { adamw: {} },
    precisions: ['fp16', 'bf16'],
    trains: ['full', 'lora'],
    // Its sharding is what it always has: all states once, on the host.
    techniques: ['dispatch', 'zero', 'loss'],
  },
};

/** Models that it cuts into layers (use_sequential_preset, roundpipe/models@e813c67). */
const FAMILIES: readonly string[] = ['llama', 'qwen3', 'qwen_moe', 'gpt_oss'];

const forProblem: readonly ProblemRule[] = [
  ({ model }) =>
    FAMILIES.includes(model.family)
      ? null
      : no('model-preset', `${model.name} of family ${model.family}`, `one of ${FAMILIES.join(', ')}`),
  separateModules,
];

const forPlan: readonly Rule[] = [
  ofTechniques((techniques) =>
    dispatch.of(techniques) === 'off'
      ? no('dispatch', 'dispatch=off', 'sync or async: its only schedule', 'Maybe --allow offload.')
      : null,
  ),
];

/** RoundPipe (ITcarrot/RoundPipe@e813c67): `train.py` with the stages, forward and backward, as they are priced; one process on one host. */
export const roundpipe: Framework = {
  id: 'roundpipe',
  ...reach,
  stack: 'roundpipe',
  ...lawOf(reach, forProblem, forPlan),
  render: (problem, plan, { origin }) => [
    { path: 'train.py', content: program(problem, plan, origin) },
    oneProcess(problem.cluster, plan, origin, {
      environment: { PYTORCH_CUDA_ALLOC_CONF: 'expandable_segments:True' },
    }),
  ],
  notes: () => [
    'RoundPipe is one process on one host: MODEL and TOKENS name the model and the data, see the head of train.py.',
    'The stages stand in train.py as they are priced; ModelExecutePlan.auto("fused", model) cuts them anew by times that it measures.',
  ],
};
