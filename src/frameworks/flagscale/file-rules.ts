import type { MegatronRun } from '../megatron/run.ts';
import { bad, type FileRule } from '../reading/file-rule.ts';
import {
  CURRENT,
  type FileMeshes,
  MESHES,
  SPLIT,
  sequencesAtOnce,
  sizeOf,
  TYPES,
  wholes,
} from './file-meshes.ts';
import { HOST_RULES } from './host-rules.ts';
import { RECOMPUTE_LIST_RULES } from './recompute-rules.ts';
import { sharedEmbedding } from './shared-embedding.ts';

export type MeshRule = FileRule<MegatronRun, FileMeshes>;

/**
 * What FlagScale asserts of its meshes (pre_validate_args, flagscale/train/arguments.py; ParallelContext,
 * flagscale/train/hetero/parallel_context.py, both @v0.9.0), and two laws that it means and does not check:
 * `expert-parallel-of-meshes`, whose assertion is a tautology, and `mesh-of-its-hosts`.
 */
const OWN_RULES: readonly MeshRule[] = [
  {
    rule: 'five-numbers-per-mesh',
    at: MESHES,
    check: (_, { numbers }) =>
      numbers.length % 5 === 0
        ? null
        : bad(
            `${numbers.length} numbers in hetero_process_meshes`,
            'five for each mesh: tp, cp, ep, dp, pp',
            'Complete the list.',
          ),
  },
  {
    rule: 'type-per-mesh',
    at: TYPES,
    check: (_, { meshes, types }) =>
      types.length === meshes.length
        ? null
        : bad(
            `${types.length} hetero_device_types for ${meshes.length} meshes`,
            'one for each mesh',
            'Name a type for each mesh.',
          ),
  },
  {
    rule: 'current-type',
    at: CURRENT,
    check: (run, { types }) => {
      const current = run.word(CURRENT);
      return current !== null && types.includes(current)
        ? null
        : bad(
            `hetero_current_device_type ${current ?? 'missing'}`,
            `one of hetero_device_types ${types.join(', ')}`,
            'Name one; the hostfile overrides it on each host.',
          );
    },
  },
  {
    rule: 'types-in-a-row',
    at: TYPES,
    check: (_, { types }) => {
      const odd = types.findIndex((type, i) => types.indexOf(type) < i && types[i - 1] !== type);
      return odd < 0
        ? null
        : bad(
            `${types[odd]} again after ${types[odd - 1]}`,
            'meshes of one type in a row: ranks are sorted by the first place of their type',
            `Give the hosts of the second stretch a type of their own, such as ${types[odd]}_2.`,
          );
    },
  },
  {
    rule: 'constant-micro-batch',
    at: MESHES,
    check: (run, found) => {
      const whole = sequencesAtOnce(run, found);
      const odd = found.meshes.findIndex(({ dp }) => whole % dp !== 0);
      return odd < 0
        ? null
        : bad(
            `dp ${found.meshes[odd]!.dp} of mesh ${odd}`,
            `a divisor of dp·micro-batch of the first mesh = ${whole}`,
            'Raise micro_batch_size, or change a dp.',
          );
    },
  },
  {
    rule: 'context-parallel',
    at: MESHES,
    check: (_, { meshes }) => {
      const odd = meshes.find(({ cp }) => cp !== 1);
      return odd === undefined ? null : bad(`cp ${odd.cp}`, '1 in every mesh', 'Set cp to 1.');
    },
  },
  {
    rule: 'expert-parallel-of-meshes',
    at: MESHES,
    check: (_, { meshes }) => {
      const sizes = [...new Set(meshes.map(({ ep }) => ep))];
      return sizes.length === 1
        ? null
        : bad(
            `ep ${sizes.join(', ')}`,
            'one ep in all meshes: its own check lets others pass, its experts do not train with them',
            'Use the same ep in every mesh.',
          );
    },
  },
  {
    rule: 'pipeline-of-meshes',
    at: '--pipeline-model-parallel-size',
    check: (run, { pp }) => {
      const stated = run.count('--pipeline-model-parallel-size') ?? 1;
      return stated === pp
        ? null
        : bad(
            `pipeline_model_parallel_size ${stated}`,
            `the sum of pp of all meshes = ${pp}`,
            `Set it to ${pp}.`,
          );
    },
  },
  {
    rule: 'layer-split',
    at: SPLIT,
    check: (run, { pp }) => {
      const split = wholes(run, SPLIT);
      const layers = run.count('--num-layers');
      const fix = 'Give each stage of all meshes its layers.';
      if (split.length === 0)
        return layers === null || layers % pp === 0
          ? null
          : bad(
              `${layers} layers over ${pp} stages without hetero_pipeline_layer_split`,
              'a multiple of the stages: the rest is lost',
              fix,
            );
      if (split.length !== pp)
        return bad(
          `${split.length} numbers in hetero_pipeline_layer_split`,
          `${pp}, one for each stage`,
          fix,
        );
      const sum = split.reduce((a, b) => a + b, 0);
      return layers === null || sum === layers
        ? null
        : bad(`${sum} layers in hetero_pipeline_layer_split`, `${layers}`, fix);
    },
  },
  {
    rule: 'world-size',
    at: MESHES,
    check: (_, { meshes, gpus }) => {
      const sum = meshes.reduce((all, mesh) => all + sizeOf(mesh), 0);
      return gpus === null || sum === gpus
        ? null
        : bad(`${sum} GPUs in hetero_process_meshes`, `the ${gpus} GPUs of the job`, 'Change a dp.');
    },
  },
  {
    rule: 'no-virtual-stages',
    at: '--num-layers-per-virtual-pipeline-stage',
    check: (run) => {
      const flag = ['--num-layers-per-virtual-pipeline-stage', '--num-virtual-stages-per-pipeline-rank'].find(
        (name) => run.has(name),
      );
      return flag === undefined ? null : bad(flag, 'no virtual stages with meshes', 'Drop it.');
    },
  },
  {
    rule: 'unlike-tp-needs-sp',
    at: MESHES,
    check: (run, { meshes }) => {
      const sizes = [...new Set(meshes.map(({ tp }) => tp))];
      return sizes.length === 1 || run.has('--sequence-parallel')
        ? null
        : bad(
            `tp ${sizes.join(', ')} without sequence_parallel`,
            'sequence_parallel: true',
            'Set sequence_parallel: true.',
          );
    },
  },
  {
    rule: 'shared-embedding',
    at: MESHES,
    check: (run, { meshes }) => {
      const predicts = (run.count('--mtp-num-layers', 0) ?? 0) > 0;
      const shares = predicts || !run.has('--untie-embeddings-and-output-weights');
      const found = sharedEmbedding(
        { shares, sharded: run.has('--use-distributed-optimizer') },
        meshes[0]!,
        meshes.at(-1)!,
      );
      if (found.broken !== null)
        return bad(
          found.broken.actual,
          found.broken.limit,
          'Change a mesh, or set untie_embeddings_and_output_weights.',
        );
      return !found.partialReduce || run.has('--use-partial-reduce-for-shared-embedding')
        ? null
        : bad(
            'unlike dp where the embedding is shared',
            'use_partial_reduce_for_shared_embedding: true',
            'Set use_partial_reduce_for_shared_embedding: true.',
          );
    },
  },
  {
    rule: 'standalone-embedding',
    at: '--standalone-embedding-stage',
    check: (run) =>
      run.has('--standalone-embedding-stage')
        ? bad('standalone_embedding_stage', 'false with meshes', 'Drop it.')
        : null,
  },
  {
    rule: 'optimizer-of-meshes',
    at: '--num-distributed-optimizer-instances',
    check: (run) => {
      const instances = run.count('--num-distributed-optimizer-instances') ?? 1;
      return instances === 1
        ? null
        : bad(`${instances} distributed optimizer instances`, '1 with meshes', 'Drop it.');
    },
  },
  {
    rule: 'expert-tensor-parallel-per-mesh',
    at: '--expert-tensor-parallel-size-per-process-mesh',
    check: (run, { meshes }) => {
      const name = '--expert-tensor-parallel-size-per-process-mesh';
      const { length } = wholes(run, name);
      return !run.has(name) || length === meshes.length
        ? null
        : bad(
            `${length} expert tensor parallel sizes`,
            `${meshes.length}, one for each mesh`,
            'Complete the list.',
          );
    },
  },
];

export const MESH_RULES: readonly MeshRule[] = [...OWN_RULES, ...RECOMPUTE_LIST_RULES, ...HOST_RULES];
