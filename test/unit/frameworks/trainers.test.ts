import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/domain/input-error.ts';
import { READERS } from '../../../src/frameworks/index.ts';
import type { ReadFile } from '../../../src/frameworks/port/reader.ts';
import { sourceOf } from '../../fixtures/source.ts';

type Files = Readonly<Record<string, string>>;

/** What a program reads of a file, others beside it. */
function read(id: string, path: string, text: string, files: Files = {}): ReadFile {
  const { reader } = READERS.find((one) => one.id === id)!;
  return reader.read({ ...sourceOf(text, path), beside: (name) => files[name] ?? null });
}

function refusal(id: string, path: string, text: string): string {
  try {
    read(id, path, text).asked(8);
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}

const LORA = `
model_name_or_path: meta-llama/Llama-3.1-8B
stage: sft
finetuning_type: lora
bf16: true
`;

describe('LLaMA-Factory', () => {
  it('refuses files of its v1 trainer, whose arguments are others', () => {
    const v1 = 'model: Qwen/Qwen3-0.6B\ndist_config:\n  name: fsdp2\nmicro_batch_size: 1\ncutoff_len: 2048\n';
    expect(refusal('llamafactory', 'v1.yaml', v1)).toContain(
      "dist_config is an argument of LLaMA-Factory's v1 trainer",
    );
  });

  it('has the defaults of its classes', () => {
    const { runtime, ...file } = read('llamafactory', 'train.yaml', LORA);
    expect(runtime).toBeNull();
    expect(file.asked(8)).toMatchObject({
      configuration: { dp: '8', 'micro-batch': '8', recompute: 'full', zero: '0' },
      sequenceLength: 2048,
      globalBatchSize: 64,
      precision: 'bf16',
      optimizer: 'adamw',
      training: { train: 'lora', 'lora-rank': '8', 'lora-modules': 'all-linear', 'lora-dropout': '0' },
      stack: 'torch-fsdp',
    });
  });

  it('takes a DeepSpeed file beside it, or the one of that name that it brings along, and says so', () => {
    const text = `${LORA.replace('lora', 'full')}deepspeed: examples/deepspeed/ds_z3_offload_config.json\n`;
    const bundled = read('llamafactory', 'train.yaml', text);
    expect(bundled.runtime).toBe('deepspeed');
    const asked = bundled.asked(8);
    expect(asked.configuration).toMatchObject({
      ...{ zero: '3', 'dp-overlap': 'none', 'offload-optimizer': '1', 'offload-parameters': 'host' },
    });
    expect(asked.notes?.join('\n')).toMatch(/ds_z3_offload_config.json is not beside it/);
    const own =
      '{"zero_optimization": {"stage": 2}, "train_micro_batch_size_per_gpu": 4, "bf16": {"enabled": "auto"}}';
    const beside = read('llamafactory', 'train.yaml', text, {
      'examples/deepspeed/ds_z3_offload_config.json': own,
    });
    expect(beside.asked(8).configuration.zero).toBe('2');
    expect(beside.violations(8).map(({ rule }) => rule)).toEqual(['deepspeed-batch']);
  });

  it('refuses a DeepSpeed file that nobody has, and methods whose memory is not modelled', () => {
    expect(refusal('llamafactory', 'train.yaml', `${LORA}deepspeed: my/ds.json\n`)).toMatch(
      /"my\/ds.json", which is not beside/,
    );
    expect(refusal('llamafactory', 'train.yaml', `${LORA}use_galore: true\n`)).toMatch(/use_galore is true/);
    expect(refusal('llamafactory', 'train.yaml', LORA.replace('lora', 'freeze'))).toMatch(
      /finetuning_type is "freeze"/,
    );
    expect(refusal('llamafactory', 'train.yaml', `${LORA}optim: ademamix\n`)).toMatch(
      /states are not modelled/,
    );
  });

  it('counts both answers of DPO, and holds a reference where no adapters can be turned off', () => {
    const dpo = LORA.replace('sft', 'dpo');
    expect(read('llamafactory', 'train.yaml', dpo).asked(1)).toMatchObject({ globalBatchSize: 16 });
    expect(read('llamafactory', 'train.yaml', dpo).asked(1).models).toBeUndefined();
    const full = dpo.replace('lora', 'full');
    expect(read('llamafactory', 'train.yaml', full).asked(1).models).toBe('reference=same:frozen');
    expect(read('llamafactory', 'train.yaml', `${full}pref_loss: simpo\n`).asked(1).models).toBeUndefined();
  });

  it('reads four bits as QLoRA, Liger as its loss, and what it has no room for as a note', () => {
    const asked = read(
      'llamafactory',
      'train.yaml',
      `${LORA}quantization_bit: 4\nenable_liger_kernel: true\nuse_dora: true\noptim: paged_adamw_8bit\nlora_target: q_proj,v_proj\n`,
    ).asked(1);
    expect(asked.training).toMatchObject({ train: 'qlora', 'lora-modules': 'q_proj,v_proj' });
    expect(asked.configuration).toMatchObject({ loss: 'fused-linear', 'paged-optimizer': 'true' });
    expect(asked.optimizer).toBe('adamw-8bit');
    expect(asked.notes?.join('\n')).toMatch(/use_dora: /);
  });

  it('warns of a slip, and breaks on a value that it has not', () => {
    const broken = (text: string) => read('llamafactory', 'train.yaml', `${LORA}${text}`).violations(8);
    expect(broken('gradient_acumulation_steps: 4')).toMatchObject([{ rule: 'known-keys', warning: true }]);
    expect(broken('a_key_of_a_fork: 4')).toEqual([]);
    expect(broken('pref_loss: sigmiod').map(({ rule }) => rule)).toEqual(['known-values']);
  });
});

const AXOLOTL = `
base_model: meta-llama/Llama-3.1-8B
sequence_len: 4096
micro_batch_size: 2
gradient_accumulation_steps: 4
`;

describe('Axolotl', () => {
  it('trains in bf16 alone without an engine that has masters', () => {
    expect(read('axolotl', 'a.yaml', AXOLOTL).asked(8)).toMatchObject({
      configuration: { dp: '8', 'micro-batch': '2', recompute: 'none', zero: '0' },
      ...{ sequenceLength: 4096, globalBatchSize: 64, precision: 'bf16', optimizer: 'adamw,master=none' },
    });
    const zero = read('axolotl', 'a.yaml', `${AXOLOTL}deepspeed: deepspeed_configs/zero2.json\n`);
    expect(zero.runtime).toBe('deepspeed');
    expect(zero.asked(8)).toMatchObject({
      configuration: { zero: '2', 'offload-optimizer': '1' },
      optimizer: 'adamw',
    });
  });

  it('reads FSDP of both versions, degrees and offloading', () => {
    const first = `${AXOLOTL}fsdp: [full_shard, auto_wrap]\nfsdp_config:\n  fsdp_offload_params: true\n  fsdp_sharding_strategy: SHARD_GRAD_OP\n`;
    expect(read('axolotl', 'a.yaml', first).asked(8).configuration).toMatchObject({
      ...{ zero: '2', 'offload-optimizer': '1', 'offload-parameters': 'host' },
    });
    const second = `${AXOLOTL}fsdp_version: 2\nfsdp_config:\n  reshard_after_forward: true\n  activation_checkpointing: true\ndp_shard_size: 2\ndp_replicate_size: 2\ntensor_parallel_size: 2\n`;
    const file = read('axolotl', 'a.yaml', second);
    expect(file.asked(8).configuration).toEqual({
      ...{ tp: '2', dp: '4', 'micro-batch': '2', recompute: 'full', zero: '3', 'dp-replicate': '2' },
    });
    expect(file.violations(12).map(({ rule }) => rule)).toEqual(['world-size']);
  });

  it('reads adapters, losses and packing', () => {
    const text = `${AXOLOTL}adapter: qlora\nload_in_4bit: true\nlora_r: 32\nlora_target_linear: true\nlora_modules_to_save: [embed_tokens, lm_head]\nplugins: [axolotl.integrations.cut_cross_entropy.CutCrossEntropyPlugin]\ngradient_checkpointing: offload\nsample_packing: true\n`;
    const file = read('axolotl', 'a.yaml', text);
    expect(file.asked(1)).toMatchObject({
      configuration: { recompute: 'full', loss: 'cut', 'offload-activations': '1' },
      training: { train: 'qlora,embedding=full,head=full', 'lora-rank': '32', 'lora-modules': 'all-linear' },
    });
    expect(file.asked(1).notes?.join('\n')).toMatch(/sequences are packed/);
    expect(refusal('axolotl', 'a.yaml', `${AXOLOTL}rl: grpo\n`)).toMatch(/rl is "grpo"/);
  });
});

const TRL = `accelerate launch --config_file fsdp.yaml sft.py \\
  --model_name_or_path meta-llama/Llama-3.1-8B \\
  --per_device_train_batch_size 2 \\
  --gradient-accumulation-steps=8 \\
  --max_length 2048 --use_peft --lora_r 64 --lora_target_modules all-linear --output_dir out
`;

const FSDP = `
distributed_type: FSDP
fsdp_config:
  fsdp_version: 1
  fsdp_sharding_strategy: HYBRID_SHARD
num_machines: 2
num_processes: 16
`;

describe('TRL', () => {
  it('is read from the words of accelerate and its configuration beside it', () => {
    const file = read('trl', 'run.sh', TRL, { 'fsdp.yaml': FSDP });
    expect(file.gpus).toBe(16);
    expect(file.asked(16)).toMatchObject({
      configuration: {
        dp: '16',
        'micro-batch': '2',
        recompute: 'full',
        zero: '3',
        'dp-replicate': '2',
        loss: 'chunked:16',
      },
      ...{ sequenceLength: 2048, globalBatchSize: 256, precision: 'bf16' },
      training: {
        ...{ train: 'lora,frozen-weights=fp32', 'lora-rank': '64' },
        ...{ 'lora-modules': 'all-linear', 'lora-dropout': '0.05' },
      },
    });
    expect(refusal('trl', 'run.sh', TRL)).toMatch(/"fsdp.yaml" is not beside/);
  });

  it('is read from its YAML, DeepSpeed of accelerate with its keys', () => {
    const ds =
      'distributed_type: DEEPSPEED\ndeepspeed_config:\n  zero_stage: 3\n  offload_optimizer_device: cpu\nnum_processes: 8\n';
    const script = 'accelerate launch --config_file ds.yaml dpo.py --config dpo.yaml --beta 0.1\n';
    const own = 'model_name_or_path: x\nper_device_train_batch_size: 1\nmax_length: 4096\n';
    const file = read('trl', 'run.sh', script.replace('--beta', '--per_device_train_batch_size 2 --beta'), {
      ...{ 'ds.yaml': ds, 'dpo.yaml': own },
    });
    expect(file.asked(8)).toMatchObject({
      configuration: { 'micro-batch': '4', zero: '3', 'offload-optimizer': '1' },
      ...{ sequenceLength: 4096, globalBatchSize: 32, models: 'reference=same:frozen', stack: 'deepspeed' },
    });
  });

  it('refuses what generates, and asks for Liger and plain logits as they are named', () => {
    expect(refusal('trl', 'grpo.sh', TRL.replace('sft.py', 'grpo.py'))).toMatch(/starts TRL's grpo/);
    const yaml = 'per_device_train_batch_size: 4\nuse_liger_kernel: true\n';
    expect(read('trl', 'sft.yaml', yaml).asked(1).configuration.loss).toBe('fused-linear');
    expect(read('trl', 'sft.yaml', 'loss_type: nll\n').asked(1).configuration.loss).toBeUndefined();
    // What from_pretrained is told by default.
    const peft = (more: string) =>
      read('trl', 'sft.yaml', `use_peft: true\n${more}`).asked(1).training!.train;
    expect(peft('')).toBe('lora,frozen-weights=fp32');
    expect(peft('dtype: bfloat16\n')).toBe('lora');
  });
});

const VERL = `set -x
python3 -m verl.trainer.main_ppo \\
    algorithm.adv_estimator=grpo \\
    data.train_batch_size=64 \\
    data.max_prompt_length=1024 data.max_response_length=3072 \\
    actor_rollout_ref.model.path=Qwen/Qwen3-8B \\
    actor_rollout_ref.actor.ppo_mini_batch_size=32 \\
    actor_rollout_ref.actor.ppo_micro_batch_size_per_gpu=2 \\
    actor_rollout_ref.actor.use_kl_loss=True \\
    actor_rollout_ref.actor.fsdp_config.param_offload=True \\
    actor_rollout_ref.ref.fsdp_config.param_offload=True \\
    actor_rollout_ref.rollout.n=4 \\
    trainer.n_gpus_per_node=8 +trainer.nnodes=2 "$@"
`;

describe('verl', () => {
  it('is an iteration without its generation: the actor, and a reference where divergence counts', () => {
    const file = read('verl', 'run.sh', VERL);
    expect(file.gpus).toBe(16);
    const asked = file.asked(16);
    expect(asked).toMatchObject({
      configuration: { zero: '3', recompute: 'full', dp: '16', 'micro-batch': '2' },
      ...{ sequenceLength: 4096, globalBatchSize: 256, precision: 'bf16', optimizer: 'adamw' },
      ...{ models: 'reference=same:frozen:offloaded', stack: 'torch-fsdp' },
    });
    expect(asked.notes?.join('\n')).toMatch(/param_offload: off the GPU while answers are generated/);
    expect(file.violations(16)).toEqual([]);
  });

  it('freezes weights as wide as its actor loads them', () => {
    const lora = (more: string) =>
      read('verl', 'run.sh', VERL.replace('rollout.n=4', `model.lora_rank=32${more}`)).asked(16).training;
    expect(lora('')).toMatchObject({ train: 'lora,frozen-weights=fp32', 'lora-rank': '32' });
    expect(lora(' actor_rollout_ref.actor.fsdp_config.model_dtype=bf16')).toMatchObject({ train: 'lora' });
  });

  it('has a critic for GAE, tokens for passes, and ranks that share sequences', () => {
    const text = VERL.replace('grpo', 'gae').replace(
      'ppo_micro_batch_size_per_gpu=2',
      'use_dynamic_bsz=True actor_rollout_ref.actor.ppo_max_token_len_per_gpu=8192 actor_rollout_ref.actor.ulysses_sequence_parallel_size=2',
    );
    const asked = read('verl', 'run.sh', text).asked(16);
    expect(asked.configuration).toMatchObject({ cp: '2', 'cp-comm': 'a2a', dp: '8', 'micro-batch': '4' });
    expect(asked.models).toBe('reference=same:frozen:offloaded,critic=same:trained');
  });

  it('reads Megatron, and refuses engines whose keys it does not read', () => {
    const megatron = VERL.replace('main_ppo', "main_ppo --config-name='ppo_megatron_trainer.yaml'").replace(
      'trainer.n_gpus',
      'actor_rollout_ref.actor.megatron.tensor_model_parallel_size=4 actor_rollout_ref.actor.megatron.pipeline_model_parallel_size=2 actor_rollout_ref.actor.megatron.override_transformer_config.recompute_granularity=full trainer.n_gpus',
    );
    expect(read('verl', 'run.sh', megatron).asked(16)).toMatchObject({
      configuration: { tp: '4', pp: '2', dp: '2', zero: '1', sp: 'true', recompute: 'full' },
      stack: 'megatron-core',
    });
    expect(
      refusal('verl', 'run.sh', VERL.replace('trainer.n_gpus', 'model_engine=veomni trainer.n_gpus')),
    ).toMatch(/model_engine is "veomni"/);
    expect(
      refusal('verl', 'run.sh', VERL.replace('actor_rollout_ref.actor.ppo_micro_batch_size_per_gpu=2', '')),
    ).toMatch(/neither ppo_micro_batch_size_per_gpu nor use_dynamic_bsz/);
  });

  it.each([
    ['ppo_mini_batch_size=32', 'ppo_mini_batch_size=128', 'mini-batch'],
    ['ppo_micro_batch_size_per_gpu=2', 'ppo_micro_batch_size_per_gpu=3', 'micro-batch'],
    ['adv_estimator=grpo', 'adv_estimator=grppo', 'known-values'],
  ])('%s as %s breaks %s', (old, now, rule) => {
    expect(
      read('verl', 'run.sh', VERL.replace(old, now))
        .violations(16)
        .map((one) => one.rule),
    ).toEqual([rule]);
  });
});

const RLHF = `python3 -m openrlhf.cli.train_ppo_ray \\
   --actor.num_nodes 1 --actor.num_gpus_per_node 8 \\
   --train.colocate_all --vllm.enable_sleep --ref.offload \\
   --actor.model_name_or_path OpenRLHF/Llama-3-8b-sft-mixture \\
   --reward.model_name_or_path OpenRLHF/Llama-3-8b-rm-700k \\
   --rollout.batch_size 1024 --train.micro_batch_size 4 --data.max_len 2048 \\
   --ds.zero_stage 3 --ds.adam_offload --actor.gradient_checkpointing_enable
`;

describe('OpenRLHF', () => {
  it('is read under the names of 2026', () => {
    const file = read('openrlhf', 'ppo.sh', RLHF);
    expect(file.gpus).toBe(8);
    expect(file.asked(8)).toMatchObject({
      configuration: { zero: '3', dp: '8', 'micro-batch': '4', recompute: 'full', 'offload-optimizer': '1' },
      ...{
        sequenceLength: 2048,
        globalBatchSize: 1024,
        precision: 'bf16',
        optimizer: 'adamw',
        stack: 'deepspeed',
      },
      models: 'reference=same:frozen:offloaded,critic=same:trained,reward=same:frozen',
    });
  });

  it('and of before, in a here document that a command takes its words from', () => {
    const text = `read -r -d '' training_commands <<EOF
openrlhf.cli.train_sft \\
   --max_len 4096 --train_batch_size 64 --micro_train_batch_size 2 \\
   --pretrain meta-llama/Meta-Llama-3-8B --zero_stage 2 --bf16 --lora_rank 32
EOF
deepspeed --module $training_commands
`;
    const file = read('openrlhf', 'sft.sh', text);
    expect(file.runtime).toBe('deepspeed');
    expect(file.asked(8)).toMatchObject({
      configuration: { zero: '2', 'dp-overlap': 'none', 'micro-batch': '2', recompute: 'none' },
      ...{ sequenceLength: 4096, globalBatchSize: 64, precision: 'bf16' },
      training: { train: 'lora', 'lora-rank': '32', 'lora-modules': 'all-linear' },
    });
    expect(file.violations(12).map(({ rule }) => rule)).toEqual(['batch-equation']);
  });

  it('counts both answers of DPO beside its reference, and refuses trainers that it does not know', () => {
    const dpo =
      'deepspeed --module openrlhf.cli.train_dpo --train.batch_size 256 --train.micro_batch_size 1 --data.max_len 8192\n';
    expect(read('openrlhf', 'dpo.sh', dpo).asked(8)).toMatchObject({
      ...{ globalBatchSize: 512, models: 'reference=same:frozen' },
      configuration: { 'micro-batch': '2' },
    });
    expect(refusal('openrlhf', 'kd.sh', dpo.replace('dpo', 'kd'))).toMatch(/train_kd/);
  });
});

const NEMO = `
trainer: { devices: 8, num_nodes: 4, precision: bf16 }
model:
  micro_batch_size: 1
  global_batch_size: 128
  tensor_model_parallel_size: 4
  pipeline_model_parallel_size: 2
  virtual_pipeline_model_parallel_size: 8
  encoder_seq_length: 4096
  num_layers: 32
  hidden_size: 4096
  num_attention_heads: 32
  num_query_groups: 8
  activation: fast-swiglu
  megatron_amp_O2: true
  sequence_parallel: true
  activations_checkpoint_granularity: selective
  activations_checkpoint_num_layers: 1
  data: { seq_length: "\${model.encoder_seq_length}" }
  optim: { name: distributed_fused_adam, overlap_grad_sync: true }
`;

describe('NeMo', () => {
  it('says what Megatron Core is told', () => {
    const file = read('nemo', 'gpt.yaml', NEMO);
    expect(file.runtime).toBe('megatron');
    expect(file.gpus).toBe(32);
    expect(file.asked(32)).toMatchObject({
      configuration: {
        tp: '4',
        pp: '2',
        vpp: '8',
        'micro-batch': '1',
        recompute: 'core_attn',
        zero: '1',
        sp: 'true',
      },
      ...{ sequenceLength: 4096, globalBatchSize: 128, precision: 'bf16', layers: 32, hiddenSize: 4096 },
    });
    expect(file.violations(32)).toEqual([]);
  });

  it('reads overrides of a script over the file that it names, and adapters', () => {
    const script =
      'python megatron_gpt_finetuning.py --config-name gpt model.micro_batch_size=2 ++model.peft.peft_scheme=lora trainer.num_nodes=2\n';
    const file = read('nemo', 'run.sh', script, { 'gpt.yaml': NEMO });
    expect(file.gpus).toBe(16);
    expect(file.asked(16)).toMatchObject({
      configuration: { 'micro-batch': '2' },
      training: { train: 'lora', 'lora-rank': '32', 'lora-modules': 'qkv' },
      stack: 'megatron-core',
    });
    expect(refusal('nemo', 'run.sh', script)).toMatch(/gpt.yaml is not beside/);
    expect(refusal('nemo', 'gpt.yaml', `${NEMO}  peft: { peft_scheme: ptuning }\n`)).toMatch(
      /peft_scheme is "ptuning"/,
    );
  });
});

describe('Primus', () => {
  const of = (model: string, more = '') =>
    read(
      'primus',
      'pretrain.yaml',
      `modules:\n  pre_trainer:\n    framework: megatron\n    config: pre_trainer.yaml\n    model: ${model}.yaml\n` +
        `    overrides:\n      micro_batch_size: 1\n      global_batch_size: 8\n      expert_model_parallel_size: 8\n${more}`,
    );
  const rules = (file: ReadFile) => file.violations(8).map(({ rule }) => rule);

  it('holds a model that it knows to its experts, and none that it does not', () => {
    expect(rules(of('llama4_17B128E'))).toEqual([]);
    expect(rules(of('llama3_8B'))).toEqual(['experts-divisible-by-ep']);
    expect(rules(of('of_my_own'))).toEqual([]);
    expect(rules(of('of_my_own', '      num_experts: 12\n'))).toEqual(['experts-divisible-by-ep']);
  });
});
