import type { Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { isMoe, kernelPackagesOf } from '../../layers/layer.ts';
import { lossOf } from '../../layers/losses/index.ts';
import { degreesOf } from '../../plan-text/degrees.ts';
import { loss, pricedLoss } from '../../techniques/loss.ts';
import { offloadOptimizer } from '../../techniques/offload-optimizer.ts';
import { recompute } from '../../techniques/recompute.ts';
import { zero } from '../../techniques/zero.ts';

/** What `launch.sh` tells the program of a plan, since the JSON has no key for it. */
export function programVariables({ workload }: Problem, plan: Plan): Record<string, string> {
  const id = loss.of(plan.techniques);
  return {
    SEQUENCE_LENGTH: String(workload.sequenceLength),
    ACTIVATION_CHECKPOINTING: isRecomputed(plan) ? '1' : '0',
    // DeepSpeed makes none of that name.
    ...(workload.optimizer === 'adamw-8bit' ? { OPTIMIZER: workload.optimizer } : {}),
    ...(id === loss.off ? {} : { LOSS: id }),
    ...(workload.packing?.separate === true ? { PACKING: '1' } : {}),
  };
}

/** What the program of a plan must do: lines of its README. */
export function programNotes(problem: Problem, plan: Plan): string[] {
  const { workload, model, stack } = problem;
  const { training } = model;
  const packages = kernelPackagesOf(model);
  return [
    '**The program** (`TRAIN_SCRIPT`) is yours: DeepSpeed builds neither model nor loss nor data from its JSON, and the plan rests on what follows.',
    `Sequences of \`SEQUENCE_LENGTH\` (${workload.sequenceLength}) tokens; \`deepspeed.initialize\` with \`ds_config.json\`.`,
    ...(ATTENTION[stack.attentionKernel] === undefined
      ? []
      : [`Attention: ${ATTENTION[stack.attentionKernel]}.`]),
    ...(packages.length === 0
      ? []
      : [
          `Layers that are not attention: with the kernels of ${packages.map((one) => `\`${one}\``).join(' and ')}, which have to be installed; PyTorch's own code in their place keeps states of every token and needs more memory than planned.`,
        ]),
    `Loss: ${lossOf(pricedLoss(problem, plan)).words}. Another holds other logits: plan with \`--fix loss=…\`.`,
    ...optimizerNotes(problem, plan),
    ...(isRecomputed(plan)
      ? [
          'Recomputation (`ACTIVATION_CHECKPOINTING=1`): `model.gradient_checkpointing_enable()`, or `deepspeed.checkpointing` around each layer.',
        ]
      : []),
    ...(isMoe(model)
      ? [
          `Experts: in groups, as \`experts_implementation="grouped_mm"\` of transformers has them, not in a loop over all of them${zero.of(plan.techniques) === 3 ? '; `deepspeed.utils.set_z3_leaf_modules` with the class of their block, or ranks that route to unlike experts wait for each other' : ''}.`,
        ]
      : []),
    ...(degreesOf(plan).cp > 1
      ? [
          'Sequence parallelism: `UlyssesSPAttentionHF.register_with_transformers` before the model is built, and `UlyssesSPDataLoaderAdapter` around its data.',
        ]
      : []),
    ...(workload.packing?.separate === true
      ? [
          'Packing (`PACKING=1`): the collator tells attention where samples begin (`DataCollatorWithFlattening`, position ids or `cu_seqlens`).',
        ]
      : []),
    ...(training?.lora == null
      ? []
      : [
          `Adapters: \`get_peft_model\` with \`ADAPTER_CONFIG\`${training.decoder === 'qlora' ? ', on weights quantised by `QUANTIZATION_CONFIG` (`BitsAndBytesConfig`)' : ''}.`,
        ]),
    ...(plan.dims.dpReplicate === 1
      ? []
      : [
          'MiCS (`ZERO_INIT=MiCS_Init`): the model is built inside `deepspeed.zero.MiCS_Init(config_dict_or_path="ds_config.json")`.',
        ]),
  ];
}

/** Of Hugging Face's models, whatever is asked. */
const USUAL_LOSS = 'fp32-shifted';

/** What the price rests on beyond what programs with models of Hugging Face do anyway. */
export function restsOn(problem: Problem, plan: Plan): string[] {
  const { workload, model } = problem;
  const packages = kernelPackagesOf(model);
  return [
    ...(packages.length === 0
      ? []
      : [`the program finds the kernels of ${packages.join(' and ')}: DeepSpeed's file cannot say it`]),
    ...(isMoe(model)
      ? ["the program multiplies experts in groups, not in a loop: DeepSpeed's file cannot say it"]
      : []),
    ...(pricedLoss(problem, plan) === USUAL_LOSS
      ? []
      : [`the program has ${lossOf(pricedLoss(problem, plan)).words}: DeepSpeed's file cannot say it`]),
    ...(workload.optimizer === 'adamw-8bit'
      ? ['the program builds 8-bit AdamW and hands it to DeepSpeed, whose file cannot say it']
      : []),
    ...(workload.packing?.separate === true
      ? ["the program's collator tells attention where samples begin: DeepSpeed's file cannot say it"]
      : []),
  ];
}

const isRecomputed = ({ techniques }: Plan) => recompute.of(techniques).mode === 'full';

const ATTENTION: Readonly<Record<string, string>> = {
  flash1: 'FlashAttention, which needs its package',
  flash2: 'FlashAttention 2 (`attn_implementation="flash_attention_2"`, or PyTorch\'s flash kernel)',
  flash3: 'FlashAttention 3 or cuDNN',
};

/**
 * Without a type in the file the program's own goes to `deepspeed.initialize`; with states on the CPU it must be DeepSpeed's
 * (deepspeed/runtime/engine.py@edaa722, _do_optimizer_sanity_check: zero_force_ds_cpu_optimizer).
 */
function optimizerNotes({ workload }: Problem, { techniques }: Plan): string[] {
  const offloaded = offloadOptimizer.of(techniques).fraction > 0;
  if (workload.optimizer === 'adamw-8bit')
    return [
      "Optimizer (`OPTIMIZER=adamw-8bit`): the program builds it and hands it to `deepspeed.initialize`: `bitsandbytes.optim.AdamW8bit`, or torchao's `AdamW8bit`. DeepSpeed makes none of that name; with fp32 AdamW in its place the plan needs more memory than planned.",
    ];
  if (workload.optimizer !== 'adamw')
    return ["Optimizer: as `ds_config.json` says; its learning rate is a trial's."];
  return [
    offloaded
      ? 'Optimizer: the program hands `deepspeed.ops.adam.DeepSpeedCPUAdam(adamw_mode=True)` to `deepspeed.initialize`, which refuses another beside offloaded states.'
      : 'Optimizer: the program hands AdamW to `deepspeed.initialize`, or adds `"optimizer": {"type": "AdamW", …}` to `ds_config.json`.',
  ];
}
