import { vendorsOf } from '../../domain/cluster.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { isMoe } from '../../layers/layer.ts';
import { sequenceParallel } from '../../techniques/sequence-parallel.ts';
import { zero } from '../../techniques/zero.ts';
import { networksApart } from '../laws/networks.ts';
import { type Flag, flagsOf } from '../megatron/flags.ts';
import { leftOpen, modelArguments } from '../megatron/model-arguments.ts';
import { parallelArguments } from '../megatron/parallel-arguments.ts';
import { yamlText } from '../writing/yaml-text.ts';
import { layerSplit, meshesOf, meshNumbers } from './meshes.ts';
import { sharedEmbedding } from './shared-embedding.ts';

export const TRAINING = 'meshes.yaml';

type Value = string | number | boolean | readonly (string | number)[];

/** What the meshes say in place of it. */
const REPLACED: ReadonlySet<string> = new Set(['--pipeline-model-parallel-layout']);

/** The inner file: sections whose keys become flags, wherever they stand. Data, learning rate and steps are a trial run's. */
export function training(problem: Problem, plan: Plan, origin: string): string {
  const { model, workload } = problem;
  const settings = {
    system: {
      ...keysOf(parallelArguments(problem, plan)),
      ...(sequenceParallel.of(plan.techniques) && tensorParallel(plan) ? { sequence_parallel: true } : {}),
      hetero: heteroKeys(problem, plan),
      // Its other formats have not been read with meshes in its sources.
      checkpoint: { ckpt_format: 'torch', save_interval: 1000 },
    },
    model: {
      ...keysOf(modelArguments(model, workload.sequenceLength)),
      train_iters: 10,
      lr: 0.00015,
    },
    data: { mock_data: true, tokenizer_type: 'NullTokenizer', vocab_size: model.vocabSize },
  };
  return yamlText(settings, [origin, `${leftOpen(model)} are yours to change.`]);
}

const tensorParallel = ({ pipelines }: Plan) =>
  pipelines[0]!.stages.some(({ replicas }) => replicas[0]!.tp > 1);

function heteroKeys({ model, cluster }: Problem, plan: Plan): Record<string, Value> {
  const meshes = meshesOf(cluster, plan);
  const [first, last] = [meshes[0]!, meshes.at(-1)!];
  const shares = model.tiedEmbeddings || model.mtpLayers > 0;
  const { partialReduce } = sharedEmbedding({ shares, sharded: zero.of(plan.techniques) > 0 }, first, last);
  return {
    enable_hetero: true,
    hetero_process_meshes: meshNumbers(meshes, plan.dims.ep),
    hetero_device_types: meshes.map(({ type }) => type),
    hetero_current_device_type: first.type,
    hetero_pipeline_layer_split: layerSplit(plan),
    ...(isMoe(model)
      ? { expert_tensor_parallel_size_per_process_mesh: meshes.map(() => plan.dims.etp) }
      : {}),
    ...(partialReduce ? { use_partial_reduce_for_shared_embedding: true } : {}),
    ...(meetOverGloo(cluster, plan) ? { hetero_use_cpu_communication: true } : {}),
  };
}

/** What joins the libraries of two vendors, and networks of unlike layers: groups across meshes take the default network. */
function meetOverGloo(cluster: Problem['cluster'], { pipelines }: Plan): boolean {
  const used = [...new Set(pipelines[0]!.stages.map(({ replicas }) => replicas[0]!.group))];
  return vendorsOf(cluster, used).size > 1 || networksApart(cluster, used);
}

/** Flags as keys, as the runner writes keys as flags (`flatten_dict_to_args`, flagscale/runner/utils.py@v0.9.0). */
function keysOf(words: readonly string[]): Record<string, Value> {
  const flags = flagsOf(words.map((text, i) => ({ text, line: i + 1 })));
  return Object.fromEntries(
    [...flags.values()].filter(({ name }) => !REPLACED.has(name)).flatMap((flag) => entryOf(flag)),
  );
}

function entryOf({ name, values }: Flag): (readonly [string, Value])[] {
  // The newer name of its switch.
  if (name === '--moe-flex-dispatcher-backend') return [['moe_enable_deepep', true]];
  const key = name.slice(2).replaceAll('-', '_');
  const [first] = values;
  if (first === undefined) return [[key, true]];
  return [
    [key, key === 'recompute_modules' ? values : /^-?\d+(\.\d+)?$/.test(first) ? Number(first) : first],
  ];
}
