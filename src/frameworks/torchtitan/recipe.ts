import { microBatchSizeOf, type Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import type { Training } from '../../domain/training.ts';
import { pythonText } from '../../foreign/python/print.ts';
import { commentText } from '../../launch-folder/quote.ts';
import { degreesOf } from '../../plan-text/degrees.ts';
import { loss } from '../../techniques/loss.ts';
import { recompute } from '../../techniques/recompute.ts';
import { sequenceParallel } from '../../techniques/sequence-parallel.ts';
import { tensorOverlap } from '../../techniques/tensor-overlap.ts';
import { zero } from '../../techniques/zero.ts';
import { chunksInOrder } from '../laws/chunks.ts';
import { adapterArgument, adapterImports } from './adapters.ts';
import { BASES } from './bases.ts';
import { lossImports, lossLines } from './loss.ts';
import { offloads } from './offload.ts';
import { optimizerLines } from './optimizer.ts';
import { type TitanModel, titanModelOf } from './registry.ts';
import { SCHEDULE_NAMES } from './schedules.ts';
import { TORCHTITAN_VERSION } from './version.ts';

/** ZeRO-2 keeps the gathered parameters between forward and backward; ZeRO-3 gathers them again. */
const RESHARD = { 0: null, 1: null, 2: 'never', 3: 'always' } as const;
const RECOMPUTE = {
  none: 'None',
  selective: 'SelectiveAC.Config()',
  full: 'FullAC.Config()',
  // Of a compiled model, which no plan here is.
  budget: 'None',
} as const;

/** `plan.py`, for `python -m torchtitan.train --module plan --config recipe`. */
export function recipe(problem: Problem, plan: Plan, origin: string): string {
  const { model: spec, workload } = problem;
  const { tp, pp, cp, dpReplicate, dpShard, ep } = degreesOf(plan);
  const model = titanModelOf(spec)!;
  const { commit, date, since, before } = TORCHTITAN_VERSION;
  const stage = zero.of(plan.techniques);
  // Under a pipeline the stage stays gathered between micro-batches: torchtitan's own default, and what is estimated.
  const reshard = stage === 3 && pp > 1 ? 'never' : RESHARD[stage];
  const microBatches = plan.pipelines[0]!.stages[0]!.replicas[0]!.microBatches;
  const tokens = workload.sequenceLength * microBatchSizeOf(plan);
  return `${[
    `# ${commentText(origin)}`,
    `# for torchtitan's main between ${since} and ${before}, such as ${commit} of ${date}`,
    '# python -m torchtitan.train --module plan --config recipe   (this file must be importable)',
    ...imports(model, problem, plan),
    '',
    '',
    'def recipe():',
    ...baseLines(model, spec.training, problem.stack.compiled),
    '    p = c.parallelism',
    `    p.pipeline_parallel_degree = ${pp}`,
    `    p.data_parallel_replicate_degree = ${dpReplicate}`,
    `    p.data_parallel_shard_degree = ${dpShard}`,
    `    p.context_parallel_degree = ${cp}`,
    `    p.tensor_parallel_degree = ${tp}`,
    `    p.enable_sequence_parallel = ${pythonText(sequenceParallel.of(plan.techniques) && tp > 1)}`,
    ...(model.experts === null ? [] : [`    p.expert_parallel_degree = ${ep}`]),
    ...(reshard === null ? [] : [`    p.fsdp_reshard_after_forward = ${pythonText(reshard)}`]),
    ...(pp > 1 ? pipelineLines(plan, microBatches) : []),
    ...(pp > 1 || ep > 1
      ? [
          `    c.training.disable_cuda_graphs = True  # required with ${pp > 1 ? 'pipeline' : 'expert'} parallelism`,
        ]
      : []),
    ...compileLines(problem, plan),
    ...lossLines(loss.of(plan.techniques), spec.vocabSize),
    ...(offloads(plan) ? ['    c.training.enable_cpu_offload = True'] : []),
    `    c.activation_checkpoint = ${RECOMPUTE[recompute.of(plan.techniques).mode]}`,
    ...optimizerLines(problem),
    `    c.training.num_tokens_per_microbatch_per_dp_rank = ${tokens}`,
    `    c.training.max_context_length = ${workload.sequenceLength}`,
    `    c.training.num_tokens_per_train_step = ${workload.globalBatchSize} * ${workload.sequenceLength}`,
    '    return c',
  ].join('\n')}\n`;
}

/** The model is not the one its base function makes: another flavor, one with adapters, or without float8 layers. */
function remade({ base, flavor }: TitanModel, training: Training | undefined): boolean {
  return training?.lora != null || BASES[base]!.flavor !== flavor || BASES[base]!.float8;
}

function imports(model: TitanModel, { model: { training } }: Problem, plan: Plan): string[] {
  const ac = { none: null, budget: null, selective: 'SelectiveAC', full: 'FullAC' }[
    recompute.of(plan.techniques).mode
  ];
  const from = `torchtitan.models.${model.family}`;
  return [
    ...(ac === null ? [] : [`from torchtitan.distributed.activation_checkpoint import ${ac}`]),
    ...adapterImports(training),
    ...lossImports(loss.of(plan.techniques)),
    ...(remade(model, training) ? [`from ${from} import model_registry`] : []),
    `from ${from}.config_registry import ${model.base}`,
  ];
}

/** The base function, and what it must not leave in place: float8 layers, compilation and async tensor parallelism of 405B. */
function baseLines(model: TitanModel, training: Training | undefined, compiled: boolean): string[] {
  const base = BASES[model.base]!;
  return [
    `    c = ${model.base}()`,
    ...(remade(model, training)
      ? [`    c.model_spec = model_registry(${pythonText(model.flavor)}${adapterArgument(training)})`]
      : []),
    ...(base.flavor === model.flavor
      ? []
      : [`    c.hf_assets_path = ${pythonText(`./assets/hf/Qwen3-${model.flavor}`)}`]),
    ...Object.entries(base.fields)
      .filter(([path, value]) => path.startsWith('compile.') && value === true && !compiled)
      .map(([path]) => `    c.${path} = False`),
  ];
}

/** What a compiled stack compiles, and the pieces that it then has exchanges in. */
function compileLines({ stack }: Problem, { techniques }: Plan): string[] {
  if (!stack.compiled) return [];
  const pieces = tensorOverlap.of(techniques) === 'async';
  return [
    '    c.compile.enable = True',
    `    c.compile.enable_async_tensor_parallel = ${pythonText(pieces)}`,
  ];
}

/** Gradient accumulation would flush the pipeline, so all micro-batches of a step are the pipeline's. */
function pipelineLines(plan: Plan, microBatches: number): string[] {
  const counts = chunksInOrder(plan).map(({ first, end }) => end - first);
  return [
    `    p.pipeline_parallel_schedule = ${pythonText(SCHEDULE_NAMES[plan.schedule]!)}`,
    `    p.num_pp_microbatches = ${microBatches}`,
    `    split = ${pythonText(counts)}  # layers of each stage, in layer order`,
    '    parts, n = [], 0',
    '    for k in split:',
    '        parts.append([f"layers.{i}" for i in range(n, n + k)])',
    '        n += k',
    '    parts[0].insert(0, "tok_embeddings")',
    '    parts[-1] += ["norm", "lm_head"]',
    '    p.module_fqns_per_model_part = parts',
  ];
}
