import { microBatchSizeOf, type Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import type { Lora } from '../../domain/training.ts';
import { dealOf } from '../../evaluate/deal.ts';
import { commentText } from '../../launch-folder/quote.ts';
import type { Dispatch } from '../../techniques/dispatched.ts';
import { dispatchOf } from '../../techniques/index.ts';
import { PEFT_NAMES } from '../laws/peft-modules.ts';

/** Stages as lists of ranges, a line each. */
function ranges(name: string, stages: readonly { readonly first: number; readonly end: number }[]): string[] {
  return [`plan.${name} = [`, ...stages.map(({ first, end }) => `    range(${first}, ${end}),`), ']'];
}

/**
 * `train.py` for one process: the stages as they are priced, forward and backward, and the loop of RoundPipe's benchmark
 * (benchmark/train.py@e813c67) over tokens that the user brings.
 */
export function program(problem: Problem, plan: Plan, origin: string): string {
  const { workload, model } = problem;
  const { forward, backward, perRound, rounds } = dealOf(problem, plan);
  const { flows, grain, pinned } = dispatchOf(plan.techniques) as Dispatch;
  const dtype = workload.precision === 'fp16' ? 'torch.float16' : 'torch.bfloat16';
  const lora = model.training?.lora ?? null;
  const lines = [
    `# ${commentText(origin)}`,
    `# ${commentText(model.name)}: MODEL is a folder or a name of the hub, TOKENS a file of token ids,`,
    '# torch.save of whole numbers, [sequences, tokens].',
    'import os',
    '',
    'import torch',
    'from transformers import AutoConfig, AutoModelForCausalLM',
    ...(lora === null ? [] : ['from peft import LoraConfig, LoraModel, TaskType']),
    'from roundpipe import ModelExecutePlan, RoundPipeRunConfig, wrap_model_to_roundpipe',
    'from roundpipe.optim import Adam',
    '',
    `SEQUENCE_LENGTH = ${workload.sequenceLength}`,
    `GLOBAL_BATCH = ${workload.globalBatchSize}`,
    `MICRO_BATCH = ${microBatchSizeOf(plan)}`,
    `ROUNDS = ${rounds}  # of forward_backward in a step`,
    `NUM_MICROBATCH = ${perRound}  # in a round`,
    'assert GLOBAL_BATCH == MICRO_BATCH * ROUNDS * NUM_MICROBATCH',
    '',
    `# Layer 0 is the embedding, ${model.layers.length + 1} the last norm, the head and the loss.`,
    '# The first stage of backward has its own forward in it.',
    'plan = ModelExecutePlan()',
    ...ranges('fwd_plan', forward),
    ...ranges('bwd_plan', backward),
    '',
    ...(workload.precision === 'fp16' && problem.stack.halfSums === true
      ? ['torch.backends.cuda.matmul.allow_fp16_accumulation = True']
      : []),
    'config = AutoConfig.from_pretrained(os.environ["MODEL"])',
    'config._attn_implementation = "flash_attention_2"',
    'config.use_cache = False',
    'loaded = AutoModelForCausalLM.from_pretrained(',
    `    os.environ["MODEL"], config=config, dtype=${dtype}`,
    ')',
    ...(lora === null ? [] : adapters(lora)),
    'model = wrap_model_to_roundpipe(',
    '    loaded,',
    '    optim_dtype=torch.float32,',
    '    use_sequential_preset=True,',
    `    pin_model="${pinned ? 'alloc' : 'off'}",`,
    '    model_run_config=RoundPipeRunConfig(',
    '        num_microbatch=NUM_MICROBATCH,',
    `        recompute_grain="${grain}",`,
    '        execute_plan=plan,',
    '    ),',
    ')',
    'optimizer = Adam(model.optim_parameters(), lr=float(os.environ.get("LR", "1e-5")))',
    'tokens = torch.load(os.environ["TOKENS"])',
    'assert tokens.shape[1] == SEQUENCE_LENGTH',
    '',
    '',
    'def update():',
    '    optimizer.step()',
    '    optimizer.zero_grad()',
    '',
    '',
    'for first in range(0, len(tokens) - GLOBAL_BATCH + 1, GLOBAL_BATCH):',
    '    for batch in tokens[first : first + GLOBAL_BATCH].chunk(ROUNDS):',
    '        model.forward_backward(',
    '            input_kwargs={',
    '                "input_ids": batch,',
    '                "attention_mask": torch.ones_like(batch),',
    '                "labels": batch,',
    '                "return_logits": False,',
    '            },',
    '            loss_fn=lambda outputs, _: outputs.loss / NUM_MICROBATCH / ROUNDS,',
    '        )',
    ...(flows
      ? ['    # Weights of the next step are one update old.', '    model.step(update)']
      : ['    model.step(update, is_async=False)']),
    'model.synchronize()',
  ];
  return `${lines.join('\n')}\n`;
}

function adapters({ rank, modules }: Lora): string[] {
  const names = modules.map((one) => `"${PEFT_NAMES[one]}"`).join(', ');
  return [
    'lora = LoraConfig(',
    `    r=${rank}, target_modules=[${names}], task_type=TaskType.CAUSAL_LM`,
    ')',
    'loaded = LoraModel(loaded, lora, "default").model',
  ];
}
