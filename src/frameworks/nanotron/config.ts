import { microBatchSizeOf, type Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { commentText } from '../../launch-folder/quote.ts';
import { degreesOf } from '../../plan-text/degrees.ts';
import { recompute } from '../../techniques/recompute.ts';
import { sequenceParallel } from '../../techniques/sequence-parallel.ts';
import { zero } from '../../techniques/zero.ts';
import { attentionAndMlp } from '../laws/attention-and-mlp.ts';
import { float, yamlText } from '../writing/yaml-text.ts';
import { optimizerFactory } from './optimizer.ts';
import { architectureOf } from './rules.ts';

/** `config.yaml` for run_train.py. Without a dataset nanotron makes up its data; learning rate and steps are a trial's. */
export function config(problem: Problem, plan: Plan, origin: string): string {
  const { model, workload } = problem;
  const { tp, pp, dp } = degreesOf(plan);
  const { techniques } = plan;
  const sequence = sequenceParallel.of(techniques);
  const { attention, mlp } = attentionAndMlp(model.kinds[0]!);
  const steps = 10;
  const settings = {
    general: { project: 'shardwright', run: 'trial', seed: 42, ignore_sanity_checks: true },
    checkpoints: { checkpoints_path: './checkpoints', checkpoint_interval: 1000 },
    parallelism: {
      dp,
      pp,
      tp,
      pp_engine: plan.schedule === 'gpipe' ? 'afab' : '1f1b',
      tp_mode: sequence ? 'REDUCE_SCATTER' : 'ALL_REDUCE',
      tp_linear_async_communication: sequence,
      recompute_layer: recompute.of(techniques).mode === 'full',
      expert_parallel_size: 1,
      context_parallel_size: 1,
    },
    model: {
      ddp_bucket_cap_mb: 25,
      dtype: 'bfloat16',
      init_method: { std: 0.02 },
      make_vocab_size_divisible_by: 1,
      model_config: {
        ...(architectureOf(model) === 'qwen2'
          ? { is_qwen2_config: true, attention_bias: true }
          : { is_llama_config: true }),
        hidden_act: 'silu',
        hidden_size: model.hiddenSize,
        intermediate_size: mlp.kind === 'dense' ? mlp.ffnHiddenSize : 0,
        max_position_embeddings: workload.sequenceLength,
        num_attention_heads: attention.heads,
        num_hidden_layers: model.layers.length,
        num_key_value_heads: attention.kind === 'softmax' ? attention.kvHeads : attention.heads,
        tie_word_embeddings: model.tiedEmbeddings,
        vocab_size: model.vocabSize,
      },
    },
    tokenizer: { tokenizer_name_or_path: 'gpt2' },
    optimizer: {
      zero_stage: zero.of(techniques),
      weight_decay: 0.1,
      clip_grad: float(1),
      accumulate_grad_in_fp32: workload.optimizerOptions?.master !== 'none',
      learning_rate_scheduler: {
        learning_rate: 0.00015,
        lr_warmup_steps: 2,
        lr_warmup_style: 'linear',
        lr_decay_style: 'cosine',
        lr_decay_steps: steps - 2,
        min_decay_lr: 0.000015,
      },
      optimizer_factory: optimizerFactory(problem),
    },
    tokens: {
      sequence_length: workload.sequenceLength,
      train_steps: steps,
      micro_batch_size: microBatchSizeOf(plan),
      batch_accumulation_per_replica: plan.pipelines[0]!.stages[0]!.replicas[0]!.microBatches,
      val_check_interval: -1,
      limit_val_batches: 0,
      limit_test_batches: 0,
    },
    logging: { log_level: 'info', log_level_replica: 'info', iteration_step_info_interval: 1 },
    data_stages: [
      { name: 'trial', start_training_step: 1, data: { dataset: null, num_loading_workers: 1, seed: 42 } },
    ],
  };
  return yamlText(settings, [commentText(origin)]);
}
