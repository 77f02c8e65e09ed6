import type { Asked } from '../port/reader.ts';
import type { Tree } from '../reading/tree.ts';
import { modelsOf } from './beside.ts';
import { optimizerOf, type VerlRun } from './run.ts';

const ACTOR = 'actor_rollout_ref.actor';
const MODEL = 'actor_rollout_ref.model';
const MEGATRON = `${ACTOR}.megatron`;

interface Degrees {
  readonly configuration: Readonly<Record<string, string>>;
  /** GPUs of a copy. */
  readonly split: number;
}

/** One iteration: passes of the models beside, then updates of the actor over all that was generated. */
export function askedOf(tree: Tree, run: VerlRun, gpus: number | null): Asked {
  const { configuration, split } = run.megatron ? megatronDegrees(tree) : fsdpDegrees(tree, run, gpus);
  const dp = gpus === null ? null : gpus / split;
  const micro = run.microBatch ?? microOf(run, (gpus ?? run.gpus) / split);
  const optimizer = optimizerOf(tree, run);
  const beside = modelsOf(tree, run.training !== null);
  const fused = tree.isTrue(`${MODEL}.use_fused_kernels`);
  const updates = run.batch / run.miniBatch;
  return {
    configuration: {
      ...configuration,
      ...(dp !== null && Number.isInteger(dp) ? { dp: String(dp) } : {}),
      'micro-batch': String(micro),
      ...(fused && !run.megatron ? { loss: 'fused-linear' } : {}),
      ...(tree.isTrue(`${MODEL}.enable_activation_offload`) ? { 'offload-activations': '1' } : {}),
      ...(optimizer.paged ? { 'paged-optimizer': 'true' } : {}),
    },
    sequenceLength: run.sequenceLength,
    globalBatchSize: run.batch,
    precision: String(tree.at(`${ACTOR}.fsdp_config.dtype`) ?? 'bfloat16') === 'float16' ? 'fp16' : 'bf16',
    optimizer: optimizer.text,
    ...(run.training === null ? {} : { training: run.training }),
    ...(beside.models === null ? {} : { models: beside.models }),
    stack: run.megatron ? 'megatron-core' : 'torch-fsdp',
    layers: null,
    hiddenSize: null,
    notes: [
      ...(tree.word(`${MODEL}.path`) === null
        ? []
        : [`${MODEL}.path ${tree.word(`${MODEL}.path`)}: sizes are those of the model that is given`]),
      ...run.notes,
      ...beside.notes,
      ...optimizer.notes,
      `a step is an iteration of ${run.batch} sequences without their generation, all as long as prompt and response may be${
        updates > 1 ? `; its ${updates} updates are timed as one` : ''
      }`,
      ...(run.microBatch === null
        ? [`use_dynamic_bsz: passes of ${micro} whole sequences, no fewer than its tokens hold`]
        : []),
      ...(fused && run.megatron ? ['use_fused_kernels: estimated with whole logits, which need more'] : []),
      ...offloadNotes(tree, run),
      ...rolloutNotes(tree),
    ],
  };
}

/** As many sequences as hold its tokens, of which a rank's share is a multiple. */
function microOf({ microTokens, ulysses, sequenceLength, batch }: VerlRun, dp: number): number {
  const least = Math.max(1, Math.ceil((microTokens * ulysses) / sequenceLength));
  const share = batch / dp;
  if (!Number.isInteger(share)) return least;
  for (let micro = Math.min(least, share); micro < share; micro++) if (share % micro === 0) return micro;
  return share;
}

/** FSDP shards over all unless `fsdp_size` says over how many; the second version may keep what it gathered. */
function fsdpDegrees(tree: Tree, { ulysses }: VerlRun, gpus: number | null): Degrees {
  const size = Number(tree.at(`${ACTOR}.fsdp_config.fsdp_size`) ?? -1);
  const kept = tree.at(`${ACTOR}.fsdp_config.reshard_after_forward`) === false;
  const replicate = gpus !== null && size > 0 && gpus % size === 0 ? gpus / size : 1;
  return {
    split: ulysses,
    configuration: {
      ...(ulysses > 1 ? { cp: String(ulysses), 'cp-comm': 'a2a' } : {}),
      zero: kept ? '2' : '3',
      ...(replicate > 1 ? { 'dp-replicate': String(replicate) } : {}),
      recompute: tree.at(`${MODEL}.enable_gradient_checkpointing`) === false ? 'none' : 'full',
      ...(tree.isTrue(`${ACTOR}.fsdp_config.offload_policy`)
        ? { 'offload-optimizer': '1', 'offload-parameters': 'host' }
        : {}),
    },
  };
}

function megatronDegrees(tree: Tree): Degrees {
  const of = (name: string) => tree.count(`${MEGATRON}.${name}`) ?? 1;
  const [tp, pp, cp] = [
    of('tensor_model_parallel_size'),
    of('pipeline_model_parallel_size'),
    of('context_parallel_size'),
  ];
  const ep = of('expert_model_parallel_size');
  const etp = tree.count(`${MEGATRON}.expert_tensor_parallel_size`);
  const vpp = tree.count(`${MEGATRON}.virtual_pipeline_model_parallel_size`);
  return {
    split: tp * pp * cp,
    configuration: {
      ...{ tp: String(tp), pp: String(pp), cp: String(cp) },
      ...(ep > 1 ? { ep: String(ep) } : {}),
      ...(etp === null ? {} : { etp: String(etp) }),
      ...(vpp === null ? {} : { vpp: String(vpp) }),
      zero: tree.at(`${MEGATRON}.use_distributed_optimizer`) === false ? '0' : '1',
      ...(tp > 1 ? { sp: String(tree.at(`${MEGATRON}.sequence_parallel`) !== false) } : {}),
      recompute: recomputeOf(tree),
    },
  };
}

function recomputeOf(tree: Tree): string {
  const said = (name: string) => tree.at(`${MEGATRON}.override_transformer_config.${name}`) ?? null;
  const granularity = said('recompute_granularity');
  if (granularity === 'selective') return 'selective';
  if (granularity !== 'full') return 'none';
  const layers = said('recompute_num_layers');
  return said('recompute_method') === 'block' && typeof layers === 'number' ? `full:${layers}` : 'full';
}

/** States that leave the GPU between phases are back on it for the update (utils/fsdp_utils.py, megatron_utils.py@1dda039). */
function offloadNotes(tree: Tree, { megatron }: VerlRun): string[] {
  const section = megatron ? MEGATRON : `${ACTOR}.fsdp_config`;
  const moved = ['param_offload', 'optimizer_offload', 'grad_offload'].filter((key) =>
    tree.isTrue(`${section}.${key}`),
  );
  return moved.length === 0
    ? []
    : [
        `${moved.join(', ')}: off the GPU while answers are generated; the update, which is estimated, has them on it`,
      ];
}

/** What the engine holds beside the update. */
function rolloutNotes(tree: Tree): string[] {
  const share = Number(tree.at('actor_rollout_ref.rollout.gpu_memory_utilization') ?? 0.5);
  return tree.at('actor_rollout_ref.rollout.free_cache_engine') === false
    ? [
        `free_cache_engine false: its engine keeps ${Math.round(100 * share)} % of each GPU through the update, which --reserve holds`,
      ]
    : ['its engine of generation gives its memory back before the update (free_cache_engine)'];
}
