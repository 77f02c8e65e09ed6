import { DTYPE_RULE } from '../reading/dtype-rule.ts';
import { bad, type FileRule } from '../reading/file-rule.ts';
import { keySet, unknownKey } from '../reading/known-keys.ts';
import type { Tree } from '../reading/tree.ts';
import { HUB } from '../zorse/models.ts';

export interface Sizes {
  /** Sequences of each rank in a step, and the micro-batches they come in. */
  readonly batches: readonly number[];
  readonly microBatches: readonly number[];
  readonly gpus: number | null;
}

export const BATCHES = 'uneven_batch_sizes';
export const MICRO_BATCHES = 'uneven_microbatches';
export const SHARES = 'split_uneven_partitions';

/** Arguments of its parser (utils/argparser_utils.py@a8c75d3): a key that is none of them is set and never read. */
const KEYS = {
  '': keySet(`log_level autocast_dtype reduce_dtype config_file model_name cluster iterations warmup_iterations
    profiling_iterations vocab_size batch_size microbatches seq_length image_size full_shard_layers recompute_layers
    no_fused_optimizer recompute_layer recompute_feed_forward recompute_attention cpu_offload offload_activations
    sync_backwards compile no_shard hybrid_shard hybrid_shard_groups reverse_hs optimizer_in_backwards split_uneven ga
    proportional_split skip_profile profile_memory profile_ga use_activation_buffers detailed_profiler_trace
    use_prefetch_backwards use_forwards_gpu_buffer skip_compute_sync unshard_in_compute async_tp enable_loss_parallel
    compile_transformer_blocks split_uneven_partitions uneven_batch_sizes uneven_microbatches tol trace_dir
    experiment_name gap_threshold scale_config_bs tt_pp zero2 tt_pp_schedule tt_dp_shard tt_dp_replicate tt_tp
    tt_pp_split_points tt_pp_microbatches use_deepcopy_for_build mfu_gpus energy_monitor large_model_init`),
};

/** Names of its hub whose layers it can run one by one (models/hub.py@a8c75d3). */
const LAYERED = /^(toygpt|deepspeed)/i;

/** What Cephalo refuses of its configuration, fails on, or waits for without end (trainfsdp.py@a8c75d3). */
export const FILE_RULES: readonly FileRule<Tree, Sizes>[] = [
  {
    rule: 'model-hub',
    at: 'model_name',
    unreadable: true,
    check: (tree) => {
      const name = tree.word('model_name') ?? 'gpt_85m';
      return HUB.test(name)
        ? null
        : bad(`model_name ${name}`, 'a model of its hub', 'Use deepspeedllama_7b, for example.');
    },
  },
  {
    rule: 'batch-per-rank',
    at: BATCHES,
    check: (_, { batches, gpus }) =>
      gpus === null || batches.length === gpus
        ? null
        : bad(
            `${batches.length} values of ${BATCHES}`,
            `one for each of the ${gpus} GPUs`,
            'Give each rank its batch.',
          ),
  },
  {
    rule: 'micro-batches-per-rank',
    at: MICRO_BATCHES,
    check: (_, { batches, microBatches }) =>
      batches.length === microBatches.length
        ? null
        : bad(
            `${microBatches.length} values of ${MICRO_BATCHES}`,
            `${batches.length}, as ${BATCHES}`,
            'Give each rank its number.',
          ),
  },
  {
    rule: 'micro-batch-not-empty',
    at: MICRO_BATCHES,
    check: (_, { batches, microBatches }) => {
      const odd = batches.findIndex((batch, i) => batch < (microBatches[i] ?? 1));
      return odd < 0
        ? null
        : bad(
            `rank ${odd} with ${batches[odd]} sequences in ${microBatches[odd]} micro-batches`,
            'a sequence in each',
            'Lower its micro-batches.',
          );
    },
  },
  {
    // get_layer_output_shape_ga: the buffers are of the smaller size where a batch does not divide.
    rule: 'micro-batch-of-buffers',
    at: BATCHES,
    check: (tree, { batches, microBatches }) => {
      const odd = batches.findIndex(
        (batch, i) => batch >= (microBatches[i] ?? 1) && batch % (microBatches[i] ?? 1) !== 0,
      );
      return odd < 0 || !tree.isTrue('use_activation_buffers')
        ? null
        : bad(
            `rank ${odd} with ${batches[odd]} sequences in ${microBatches[odd]} micro-batches`,
            'micro-batches of one size, as the activation buffers are',
            'Change its batch, or drop use_activation_buffers.',
          );
    },
  },
  {
    rule: 'accumulation-on-all-ranks',
    at: MICRO_BATCHES,
    check: (tree, { microBatches }) =>
      tree.isTrue('ga') || microBatches.every((n) => n === 1) || microBatches.every((n) => n > 1)
        ? null
        : bad(
            'ranks of one micro-batch beside ranks of several without ga',
            'ga: true, for all ranks to take the same steps',
            'Set ga: true.',
          ),
  },
  {
    rule: 'accumulation-of-layers',
    at: 'model_name',
    check: (tree, { microBatches }) => {
      const name = tree.word('model_name') ?? 'gpt_85m';
      const ga = tree.isTrue('ga') || microBatches.some((n) => n > 1);
      return !ga || LAYERED.test(name) || !HUB.test(name)
        ? null
        : bad(
            `model_name ${name} with micro-batches`,
            'a model whose layers run one by one: deepspeed…',
            `Use deepspeed${name}.`,
          );
    },
  },
  {
    rule: 'share-per-rank',
    at: SHARES,
    check: (tree, { gpus, batches }) => {
      const shares = tree.at(SHARES);
      const wanted = gpus ?? batches.length;
      return !tree.isTrue('split_uneven') || (Array.isArray(shares) && shares.length === wanted)
        ? null
        : bad(
            `${Array.isArray(shares) ? shares.length : 'no'} values of ${SHARES}`,
            `one for each of the ${wanted} GPUs`,
            'Give each rank its share.',
          );
    },
  },
  {
    rule: 'shares-of-the-whole',
    at: SHARES,
    check: (tree) => {
      const shares = tree.at(SHARES);
      if (!tree.isTrue('split_uneven') || !Array.isArray(shares)) return null;
      const sum = shares.reduce((all: number, share) => all + Number(share), 0);
      return shares.every((share) => Number(share) >= 0) && Math.abs(sum - 1) < 1e-3
        ? null
        : bad(`${SHARES} that sum to ${sum}`, 'shares from 0 on that sum to 1', 'Correct the shares.');
    },
  },
  {
    rule: 'hybrid-shard',
    at: 'hybrid_shard',
    check: (tree) =>
      tree.isTrue('hybrid_shard') && (tree.isTrue('split_uneven') || tree.isTrue('optimizer_in_backwards'))
        ? bad('hybrid_shard', 'without split_uneven and optimizer_in_backwards', 'Drop hybrid_shard.')
        : null,
  },
  DTYPE_RULE,
  { rule: 'known-keys', at: '', check: (tree) => unknownKey(tree, KEYS) },
];
