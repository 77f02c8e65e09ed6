import type { Plan } from '../../domain/plan.ts';
import { hostsScript } from '../../launch-folder/hosts-script.ts';
import { separateModules } from '../laws/peft-modules.ts';
import { lawOf } from '../laws/structure.ts';
import { type Framework, HOST_ORDER, type Reach } from '../port/framework.ts';
import { adapterFiles, adapterVariables } from './adapters.ts';
import { config } from './config.ts';
import { DEEPSPEED_OPTIMIZERS } from './optimizer.ts';
import { PLAN_RULES } from './plan-rules.ts';
import { programNotes, programVariables, restsOn } from './program.ts';
import { deepspeedReader } from './reader.ts';

const reach: Reach = {
  name: 'DeepSpeed',
  capabilities: { ...HOST_ORDER, pipeline: false, tensorParallel: false, unevenLayers: false },
  express: {
    // The model is the program's: transformers has these.
    layers: [
      ...[
        'softmax',
        'latent',
        'mamba',
        'mamba2',
        'attention-beside-mamba',
        'gated-delta-net',
        'kimi-delta',
        'short-convolution',
        'lightning',
        'rg-lru',
      ],
      ...['dense', 'moe'],
    ],
    schedules: [],
    optimizers: DEEPSPEED_OPTIMIZERS,
    // Where neither is enabled it computes in fp32.
    precisions: ['bf16', 'fp16', 'fp32'],
    trains: ['full', 'lora', 'qlora'],
    // The program's loss is told to it by a variable.
    techniques: [
      'loss',
      'recompute',
      'zero',
      'dp-overlap',
      'dp-overlap:none',
      'offload-optimizer',
      'offload-parameters',
    ],
    // The program's collator packs.
    packs: true,
  },
};

/** DeepSpeed: `ds_config.json` for a training program of one's own, and a launch script. */
export const deepspeed: Framework = {
  id: 'deepspeed',
  ...reach,
  stack: 'deepspeed',
  reader: deepspeedReader,
  ...lawOf(reach, [separateModules], PLAN_RULES),
  render: (problem, plan, { origin }) => [
    { path: 'ds_config.json', content: `${JSON.stringify(config(problem, plan), null, 2)}\n` },
    ...adapterFiles(problem),
    {
      path: 'launch.sh',
      executable: true,
      content: hostsScript({
        problem,
        plan,
        origin,
        environment: {
          ...programVariables(problem, plan),
          ...adapterVariables(problem.model.training),
          ...(plan.dims.dpReplicate === 1 ? {} : { ZERO_INIT: 'MiCS_Init' }),
        },
        prepare: micsNote(plan),
        program: `"\${TRAIN_SCRIPT:?set TRAIN_SCRIPT to your training program}" --deepspeed --deepspeed_config ds_config.json "$@"`,
      }),
    },
  ],
  notes: programNotes,
  restsOn,
};

/** mics_shard_size reaches only a model that was built for it (deepspeed/runtime/zero/mics.py, MiCS_Init). */
function micsNote({ dims }: Plan): string[] {
  return dims.dpReplicate === 1
    ? []
    : [
        '# ZERO_INIT: the program must build its model inside deepspeed.zero.MiCS_Init(config_dict_or_path="ds_config.json").',
      ];
}
