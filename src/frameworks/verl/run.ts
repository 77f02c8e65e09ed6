import { InputError } from '../../domain/input-error.ts';
import type { TrainingFlags } from '../../plan-text/training-text.ts';
import { adaptersOf } from '../hf-trainer/adapters.ts';
import { optimizerNamed } from '../hf-trainer/optimizers.ts';
import type { Tree } from '../reading/tree.ts';

const AR = 'actor_rollout_ref';
const ACTOR = `${AR}.actor`;

/** An iteration as its overrides have it: what is left out is as its files say (verl/trainer/config@1dda039). */
export interface VerlRun {
  readonly megatron: boolean;
  readonly gpus: number;
  readonly sequenceLength: number;
  /** Sequences of an iteration, of an update and of a pass on one GPU; null: passes are as long as so many tokens. */
  readonly batch: number;
  readonly miniBatch: number;
  readonly microBatch: number | null;
  readonly microTokens: number;
  /** Ranks that share a sequence. */
  readonly ulysses: number;
  readonly training: TrainingFlags | null;
  readonly notes: readonly string[];
}

export function verlRun(tree: Tree): VerlRun {
  const megatron = isMegatron(tree);
  const gpus = (tree.count('trainer.nnodes') ?? 1) * (tree.count('trainer.n_gpus_per_node') ?? 8);
  const answers = tree.count(`${AR}.rollout.n`) ?? 1;
  const prompts = tree.count('data.train_batch_size') ?? 1024;
  const method = methodOf(tree, megatron);
  return {
    megatron,
    gpus,
    sequenceLength:
      (tree.count('data.max_prompt_length') ?? 512) + (tree.count('data.max_response_length') ?? 512),
    batch: prompts * answers,
    miniBatch: (tree.count(`${ACTOR}.ppo_mini_batch_size`) ?? 256) * answers,
    microBatch: tree.isTrue(`${ACTOR}.use_dynamic_bsz`) ? null : microBatchOf(tree, gpus, answers),
    microTokens: tree.count(`${ACTOR}.ppo_max_token_len_per_gpu`) ?? 16384,
    ulysses: megatron ? 1 : ulyssesOf(tree),
    training: method.training,
    notes: method.notes,
  };
}

const ENGINES = ['fsdp', 'fsdp2', 'dp', 'megatron'];

/** By its strategy, its engine, or the file of its configuration. Throws InputError where it is another engine: what that has under keys of its own is not read. */
function isMegatron(tree: Tree): boolean {
  const [key, engine] = [`${ACTOR}.strategy`, 'model_engine'].flatMap((path) => {
    const said = tree.word(path);
    return said === null ? [] : [path, said];
  });
  if (engine !== undefined && !ENGINES.includes(engine))
    throw new InputError({
      message: `${key} is "${engine}"`,
      expected: `one of ${ENGINES.join(', ')}: keys of another engine are not read`,
      at: { file: tree.file, line: tree.line(key!) },
    });
  return (engine ?? String(tree.at('config_name') ?? '')).includes('megatron');
}

function ulyssesOf(tree: Tree): number {
  return (
    tree.count(`${ACTOR}.ulysses_sequence_parallel_size`) ??
    tree.count(`${ACTOR}.fsdp_config.ulysses_sequence_parallel_size`) ??
    1
  );
}

function microBatchOf(tree: Tree, gpus: number, answers: number): number {
  const perGpu = tree.count(`${ACTOR}.ppo_micro_batch_size_per_gpu`);
  if (perGpu !== null) return perGpu;
  const all = tree.count(`${ACTOR}.ppo_micro_batch_size`);
  if (all !== null) return Math.max(1, (all * answers) / gpus);
  throw new InputError({
    message: 'neither ppo_micro_batch_size_per_gpu nor use_dynamic_bsz is said',
    expected: `${ACTOR}.ppo_micro_batch_size_per_gpu=N, which has no default`,
    at: { file: tree.file, line: 1 },
  });
}

function methodOf(
  tree: Tree,
  megatron: boolean,
): { training: TrainingFlags | null; notes: readonly string[] } {
  const rank = tree.at(`${AR}.model.lora_rank`) ?? tree.at(`${AR}.model.lora.rank`) ?? 0;
  if (typeof rank !== 'number' || rank === 0) return { training: null, notes: [] };
  const target = String(tree.at(`${AR}.model.target_modules`) ?? 'all-linear');
  const modules =
    target === 'all-linear' || megatron ? [] : target.split(/[\s,[\]'"]+/).filter((one) => one !== '');
  const { training, notes } = adaptersOf({ rank, dropout: 0, modules, fourBit: false, whole: [] });
  // What FSDP's actor freezes it holds as it loads it (verl/workers/fsdp_workers.py).
  const wide = !megatron && /^(fp32|float32)$/.test(modelDtype(tree));
  return {
    training: wide ? { ...training, train: `${training.train},frozen-weights=fp32` } : training,
    notes,
  };
}

function modelDtype(tree: Tree): string {
  return String(tree.at(`${ACTOR}.fsdp_config.model_dtype`) ?? 'fp32');
}

/** Of the actor: bf16 weights have moments of bf16 and no master, unless Megatron keeps both. */
export function optimizerOf(tree: Tree, run: VerlRun) {
  const name = tree.word(`${ACTOR}.optim.optimizer`) ?? 'adamw';
  const at = { file: tree.file, line: tree.line(`${ACTOR}.optim.optimizer`) };
  const named = optimizerNamed(name, `${ACTOR}.optim.optimizer`, at);
  const bare =
    !run.megatron &&
    run.training === null &&
    /^(bf16|bfloat16)$/.test(modelDtype(tree)) &&
    named.text === 'adamw';
  return bare ? { ...named, text: 'adamw,master=none' } : named;
}
