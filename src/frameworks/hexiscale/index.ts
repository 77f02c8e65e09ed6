import { microBatchSizeOf, type Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { REPLICA_BY_REPLICA } from '../../launch-folder/ranks.ts';
import { degreesOf } from '../../plan-text/degrees.ts';
import { recompute } from '../../techniques/recompute.ts';
import { sequenceParallel } from '../../techniques/sequence-parallel.ts';
import { zero } from '../../techniques/zero.ts';
import { no, type OutlineRule, type ProblemRule, type Rule, recomputeAllOrNothing } from '../laws/rule.ts';
import { lawOf } from '../laws/structure.ts';
import { type Framework, HOST_ORDER, type Reach } from '../port/framework.ts';
import { HEXISCALE_MODELS, modelSize, SEQUENCE_LENGTH } from './models.ts';
import { hexiPipelines } from './pipelines.ts';
import { hexiscaleReader } from './reader.ts';
import { processScript } from './script.ts';

const reach: Reach = {
  name: 'HexiScale',
  capabilities: {
    ...HOST_ORDER,
    tensorParallelPerStage: true,
    unequalMicroBatches: true,
    severalPipelines: true,
    unequalHosts: true,
  },
  express: {
    layers: ['softmax', 'dense'],
    schedules: ['1f1b', 'gpipe'],
    optimizers: { adamw: {} },
    precisions: ['bf16', 'fp16'],
    techniques: ['sp', 'recompute', 'zero'],
  },
};

const forProblem: readonly ProblemRule[] = [
  ({ model }) =>
    modelSize(model) === null
      ? no('model-size', model.name, `a Llama of ${Object.keys(HEXISCALE_MODELS).join(', ')}`)
      : null,
  ({ workload: { sequenceLength } }) =>
    sequenceLength === SEQUENCE_LENGTH
      ? null
      : no('sequence-length', `sequence length ${sequenceLength}`, `${SEQUENCE_LENGTH}, which it fixes`),
];

const forPlan: readonly Rule[] = [
  (_, plan) => {
    const { ep } = degreesOf(plan);
    return ep === 1 ? null : no('experts', `ep=${ep}`, '1');
  },
  (_, plan) =>
    hexiPipelines(plan) === null
      ? no(
          'replicas-in-step',
          'stages with unlike replicas',
          'as many copies of each stage, with equal shares',
        )
      : null,
  (_, { techniques, dims: { dpReplicate } }) =>
    zero.of(techniques) === 1 || dpReplicate > 1
      ? no(
          'sharding',
          `zero=${zero.of(techniques)},dp-replicate=${dpReplicate}`,
          'zero of 0 (ddp), 2 or 3, over all copies',
        )
      : null,
  recomputeAllOrNothing,
];

const DP_TYPE = { 0: 'ddp', 2: 'zero2', 3: 'zero3' } as const;

const forOutline: readonly OutlineRule[] = [
  (_, { cp }) => (cp === 1 ? null : no('context-parallel', `cp=${cp}`, '1')),
  (_, { severalChunks }) => (severalChunks ? no('virtual-stages', 'several chunks a stage', 'vpp=1') : null),
];

/** HexiScale (FlashFlex): `arguments.txt` for its llama_train.py, and a script that starts one process for each GPU. */
export const hexiscale: Framework = {
  id: 'hexiscale',
  ...reach,
  stack: 'torch-fsdp',
  rankOrder: REPLICA_BY_REPLICA,
  reader: hexiscaleReader,
  ...lawOf(reach, forProblem, forPlan, forOutline),
  render: (problem, plan, { origin }) => [
    { path: 'arguments.txt', content: `${argumentsFor(problem, plan).join('\n')}\n` },
    { path: 'launch.sh', executable: true, content: processScript(problem, plan, origin) },
  ],
};

/** Words of the command line: its options have underscores or dashes as its own parsers spell them. */
function argumentsFor({ model, workload }: Problem, plan: Plan): string[] {
  const pipelines = hexiPipelines(plan)!;
  const precision = workload.precision;
  return [
    ...['--model_size', modelSize(model)!, '--total-layer-num', model.layers.length],
    ...['--hetero_configs', JSON.stringify(pipelines.map(({ degrees }) => degrees))],
    ...['--layer_partitions', JSON.stringify(pipelines.map(({ layers }) => layers))],
    ...['--chunks', ...pipelines.map(({ microBatches }) => microBatches)],
    ...['--global_bsz_size', ...pipelines.map(({ microBatches }) => microBatches * microBatchSizeOf(plan))],
    ...['--pipeline-type', plan.schedule === 'gpipe' ? 'Gpipe' : '1F1B'],
    ...['--default_dp_type', DP_TYPE[zero.of(plan.techniques) as keyof typeof DP_TYPE]],
    ...[`--${precision}`, '--mixed_precision', precision, '--use-flash-attn'],
    ...(sequenceParallel.of(plan.techniques) ? ['--seq-parallel'] : []),
    ...(recompute.of(plan.techniques).mode === 'full' ? ['--checkpoint-layers'] : []),
    ...['--accum-iter', 1],
  ].map(String);
}
