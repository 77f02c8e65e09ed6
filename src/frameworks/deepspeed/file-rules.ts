import { bad, divides, type FileRule } from '../reading/file-rule.ts';
import { unknownKey } from '../reading/known-keys.ts';
import { notAmong, unknownValue } from '../reading/known-values.ts';
import type { Tree } from '../reading/tree.ts';
import { batchEquation } from './batch-rule.ts';
import { DEEPSPEED_KEYS, LENIENT } from './keys.ts';
import { offloadsOf } from './offload.ts';
import { OPTIMIZER_TYPES, sameType } from './optimizer.ts';
import { micsOf, precisionsOf, type Sizes, sizeOf, ZERO } from './settings.ts';
import { DEVICES, STAGES, VALUES } from './values.ts';

/** What DeepSpeed refuses of its JSON. */
export const FILE_RULES: readonly FileRule<Tree, Sizes>[] = [
  batchEquation,
  {
    rule: 'world-size',
    at: 'sequence_parallel_size',
    check: (_, { sp, tp, gpus }) =>
      divides('GPUs', gpus, sp * tp, 'sequence·tensor parallel =', 'Change a degree, or the number of GPUs.'),
  },
  {
    rule: 'mesh-size',
    at: 'data_parallel_size',
    check: (_, { sp, mesh, gpus }) =>
      mesh === null || gpus === null || mesh * sp === gpus
        ? null
        : bad(
            `a mesh of data_parallel_size ${mesh} · sequence_parallel_size ${sp}`,
            `the ${gpus} GPUs of the job`,
            gpus % sp === 0 ? `Set data_parallel_size to ${gpus / sp}.` : 'Change sequence_parallel_size.',
          ),
  },
  { rule: 'zero-stage', at: '', unreadable: true, check: (tree) => unknownValue(tree, STAGES) },
  {
    // docs/_tutorials/autotp-training.md@7e1c059, Limitations.
    rule: 'autotp-stage',
    at: 'tensor_parallel',
    check: (_, { tp, stage }) =>
      tp > 1 && stage > 2
        ? bad(
            `autotp_size ${tp} with stage ${stage}`,
            'stage 0, 1 or 2',
            'Set stage to 2, or autotp_size to 1.',
          )
        : null,
  },
  {
    rule: 'one-precision',
    at: 'fp16',
    check: (tree) =>
      precisionsOf(tree).length > 1 ? bad('fp16 and bf16 enabled', 'one of them', 'Disable fp16.') : null,
  },
  {
    rule: 'offload-device',
    at: '',
    unreadable: true,
    check: (tree) => {
      const odd = unknownValue(tree, DEVICES);
      return odd === null ? null : { ...odd, fix: 'Maybe cpu, or none for what stays on the GPU.' };
    },
  },
  { rule: 'known-values', at: '', unreadable: true, check: (tree) => unknownValue(tree, VALUES) },
  {
    rule: 'optimizer-type',
    at: 'optimizer.type',
    unreadable: true,
    check: (tree) => {
      const type = tree.at('optimizer.type');
      return type === undefined || type === null || OPTIMIZER_TYPES.some((one) => sameType(one, String(type)))
        ? null
        : notAmong(`optimizer.type ${JSON.stringify(type)}`, String(type), OPTIMIZER_TYPES);
    },
  },
  {
    rule: 'offload-stage',
    at: ZERO,
    check: (tree, { stage }) => {
      const odd = offloadsOf(tree).find(({ what }) => stage < (what === 'parameters' ? 3 : 1));
      return odd === undefined
        ? null
        : bad(
            `${odd.path} with stage ${stage}`,
            odd.what === 'parameters' ? 'stage 3' : 'stage 1, 2 or 3',
            'Raise the stage, or drop it.',
          );
    },
  },
  {
    // zero/config.py@1b88ac3, offload_ratio_check: whatever the device.
    rule: 'offload-ratio',
    at: `${ZERO}.offload_optimizer`,
    check: (tree, { stage }) => {
      const ratio = tree.at(`${ZERO}.offload_optimizer.ratio`);
      return typeof ratio === 'number' && ratio < 1 && stage !== 3
        ? bad(
            `offload_optimizer.ratio ${ratio} with stage ${stage}`,
            'stage 3',
            'Set ratio to 1, or stage to 3.',
          )
        : null;
    },
  },
  {
    rule: 'nvme-path',
    at: ZERO,
    check: (tree) => {
      const odd = offloadsOf(tree).find(
        ({ path, device }) => device === 'nvme' && !tree.has(`${path}.nvme_path`),
      );
      return odd === undefined ? null : bad(`${odd.path} to nvme`, 'nvme_path', 'Add nvme_path.');
    },
  },
  {
    rule: 'secondary-partition',
    at: `${ZERO}.zero_hpz_partition_size`,
    check: (tree, { stage, gpus }) => {
      const size = sizeOf(tree, `${ZERO}.zero_hpz_partition_size`) ?? 1;
      if (size === 1) return null;
      if (stage !== 3)
        return bad(`zero_hpz_partition_size with stage ${stage}`, 'stage 3', 'Set stage to 3.');
      return divides('GPUs', gpus, size, 'zero_hpz_partition_size', 'Use the GPUs of one node.');
    },
  },
  {
    // deepspeed/runtime/zero/mics_utils.py, _generate_mics_config; only stage 3 makes a MiCS_Optimizer.
    rule: 'mics-shard-size',
    at: `${ZERO}.mics_shard_size`,
    check: (tree, { stage, gpus }) => {
      const size = micsOf(tree);
      if (size === null) return null;
      if (stage !== 3) return bad(`mics_shard_size with stage ${stage}`, 'stage 3', 'Set stage to 3.');
      return divides('GPUs', gpus, size, 'mics_shard_size', 'Use a divisor of the GPUs.');
    },
  },
  {
    rule: 'pipeline-stage',
    at: 'pipeline',
    check: (tree, { stage }) =>
      (tree.count('pipeline.stages') ?? 1) > 1 && stage >= 2
        ? bad(`ZeRO stage ${stage} with a pipeline`, 'stage 0 or 1', 'Set stage to 1.')
        : null,
  },
  { rule: 'known-keys', at: '', check: (tree) => unknownKey(tree, DEEPSPEED_KEYS, LENIENT) },
];
