import { nearest } from '../../units/nearest.ts';
import type { MegatronRun } from '../megatron/run.ts';
import { bad, type FileRule } from '../reading/file-rule.ts';
import { layersIn, STAGES, splitOf, TYPES } from './split.ts';

/** `config.json` beside the arguments; null: none there. */
export interface Networks {
  readonly entries: readonly Readonly<Record<string, unknown>>[] | null;
}

/** What set_nccl_envs reads (megatron/core/hetnet.py@03d9522). */
const KEYS = [
  'CLUSTER_NAME',
  ...['NCCL_NET', 'NCCL_IB_DISABLE', 'NCCL_IBEXT_DISABLE', 'NCCL_NET_GDR_LEVEL'],
  ...['NCCL_SOCKET_IFNAME', 'NCCL_IB_HCA', 'NCCL_IB_GID_INDEX'],
];

/** What Holmes asserts of its own flags (megatron/training/arguments.py@03d9522), and of its networks. */
export const HOLMES_RULES: readonly FileRule<MegatronRun, Networks>[] = [
  {
    rule: 'global-batch',
    at: '--hetero-mode',
    check: (run) =>
      run.count('--global-batch-size') === null
        ? bad('no --global-batch-size', 'a global batch with --hetero-mode', 'Add --global-batch-size.')
        : null,
  },
  {
    rule: 'types-once',
    at: TYPES,
    check: (run) => {
      const types = run.flags.get(TYPES)?.values ?? [];
      const twice = types.find((type, i) => types.indexOf(type) < i);
      if (types.length === 0) return bad(`no ${TYPES}`, 'a type for each network', `Add ${TYPES}.`);
      return twice === undefined
        ? null
        : bad(
            `${twice} twice in ${TYPES}`,
            'each type once',
            `Call the second ${twice}_2, in config.json too.`,
          );
    },
  },
  {
    rule: 'split-per-type',
    at: STAGES,
    check: (run) => {
      const types = run.flags.get(TYPES)?.values.length ?? 0;
      const split = splitOf(run);
      const cut = split.find(({ stages, layers }) => layers.length !== stages);
      if (cut !== undefined)
        return bad(
          `${cut.layers.length} layer counts for ${cut.stages} stages`,
          'one for each',
          'Complete the list.',
        );
      return split.length === types
        ? null
        : bad(
            `${split.length} parts of ${STAGES} for ${types} types`,
            'one for each type',
            'Complete the list.',
          );
    },
  },
  {
    rule: 'split-of-pipeline',
    at: STAGES,
    check: (run) => {
      const stages = splitOf(run).reduce((sum, one) => sum + one.stages, 0);
      const pp = run.count('--pipeline-model-parallel-size') ?? 1;
      return stages === pp ? null : bad(`${stages} stages in ${STAGES}`, `pp ${pp}`, 'Correct one of them.');
    },
  },
  {
    rule: 'split-of-layers',
    at: STAGES,
    check: (run) => {
      const sum = layersIn(splitOf(run)).reduce((a, b) => a + b, 0);
      const layers = run.count('--num-layers');
      return layers === null || sum === layers
        ? null
        : bad(`${sum} layers in ${STAGES}`, `${layers}`, 'Correct the counts.');
    },
  },
  {
    rule: 'no-micro-batch-sizes',
    at: '--hetero-micro-batch-sizes',
    check: (run) =>
      run.has('--hetero-micro-batch-sizes')
        ? bad('--hetero-micro-batch-sizes', 'none with --hetero-mode pp', 'Drop it.')
        : null,
  },
  {
    rule: 'no-virtual-stages',
    at: '--num-layers-per-virtual-pipeline-stage',
    check: (run) =>
      run.has('--num-layers-per-virtual-pipeline-stage')
        ? bad(
            '--num-layers-per-virtual-pipeline-stage',
            'no virtual stages with --hetero-mode pp',
            'Drop it.',
          )
        : null,
  },
  {
    rule: 'context-parallel',
    at: '--context-parallel-size',
    check: (run) => {
      const cp = run.count('--context-parallel-size') ?? 1;
      return cp === 1 ? null : bad(`cp ${cp}`, '1 with --hetero-mode', 'Drop --context-parallel-size.');
    },
  },
  {
    rule: 'legacy-models',
    at: '--use-mcore-models',
    check: (run) =>
      run.has('--use-mcore-models')
        ? bad(
            '--use-mcore-models',
            'models of before Megatron Core: the others do not read the split',
            'Drop it.',
          )
        : null,
  },
  {
    rule: 'overlapped-optimizer',
    at: '--overlapped-distributed-optimizer',
    check: (run) =>
      run.has('--overlapped-distributed-optimizer')
        ? bad(
            'unknown --overlapped-distributed-optimizer',
            'flags of the parser: its examples have it all the same',
            'Use --use-distributed-optimizer.',
          )
        : null,
  },
  {
    rule: 'network-of-type',
    at: TYPES,
    check: (run, { entries }) => {
      if (entries === null || !run.has('--use-hetnet')) return null;
      const types = run.flags.get(TYPES)?.values ?? [];
      const wanted = types.length > 1 ? [...types, 'heter'] : types;
      const names = entries.map((entry) => entry.CLUSTER_NAME);
      const missing = wanted.find((type) => !names.includes(type));
      return missing === undefined
        ? null
        : bad(
            `config.json without ${missing}`,
            `an entry for each of ${wanted.join(', ')}`,
            `Add CLUSTER_NAME ${missing}.`,
          );
    },
  },
  {
    rule: 'network-keys',
    at: TYPES,
    check: (_, { entries }) => {
      const odd = entries?.flatMap((entry) => Object.keys(entry)).find((key) => !KEYS.includes(key));
      if (odd === undefined) return null;
      const near = nearest(odd, KEYS);
      return bad(
        `${odd} in config.json`,
        'variables that it sets',
        near === undefined ? 'Drop it.' : `Maybe ${near}.`,
      );
    },
  },
];
