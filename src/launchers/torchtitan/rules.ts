import type { ModelSpec } from '../../domain/model.ts';
import type { ScheduleId } from '../../domain/plan.ts';
import { degreesOf } from '../../search/label.ts';
import { chunksInOrder } from '../chunks.ts';
import { no, type Rule } from '../rule.ts';

/** torchtitan's names of schedules (torch.distributed.pipelining) that can be timed. */
export const SCHEDULE_NAMES: Readonly<Partial<Record<ScheduleId, string>>> = {
  '1f1b': '1F1B',
  gpipe: 'GPipe',
  'interleaved-1f1b': 'Interleaved1F1B',
  'breadth-first': 'LoopedBFS',
};

/** Functions of torchtitan/models/llama3/config_registry.py, by hidden size and layers. */
export const REGISTRY: readonly (readonly [hiddenSize: number, layers: number, name: string])[] = [
  [4096, 32, 'llama3_8b'],
  [8192, 80, 'llama3_70b'],
  [16384, 126, 'llama3_405b'],
];
const LLAMA3_VOCABULARY = 128256;

export function registryName(model: ModelSpec): string | null {
  if (model.family !== 'llama' || model.vocabSize !== LLAMA3_VOCABULARY) return null;
  const found = REGISTRY.find(
    ([hidden, layers]) => model.hiddenSize === hidden && model.layers.length === layers,
  );
  return found?.[2] ?? null;
}

const model: Rule = ({ model: spec }) =>
  registryName(spec) !== null
    ? null
    : no(
        'model-registry',
        spec.name,
        `one of ${REGISTRY.map(([, , name]) => name).join(', ')}`,
        'Maybe --launcher megatron or any.',
      );

const schedule: Rule = (_, plan) =>
  SCHEDULE_NAMES[plan.schedule.id] === undefined
    ? no('schedule', `schedule ${plan.schedule.id}`, Object.keys(SCHEDULE_NAMES).join(', '))
    : null;

/** Looped schedules want two or more stages on each rank. */
const virtualStages: Rule = (_, { schedule: { id, virtualStages: v } }) => {
  const looped = id === 'interleaved-1f1b' || id === 'breadth-first';
  return looped === v > 1
    ? null
    : no('virtual-stages', `${id} with ${v} stages per rank`, looped ? 'two or more' : 'one');
};

const precision: Rule = ({ workload }) =>
  workload.precision === 'bf16' ? null : no('precision', workload.precision, 'bf16');

const sharding: Rule = (_, plan) => {
  const { dp, cp } = degreesOf(plan);
  if (plan.optimizerSharding === 1)
    return no('sharding', 'sharded optimizer states alone (ZeRO-1)', '0, 2 or 3');
  // Under a pipeline a stage stays gathered between micro-batches: torchtitan's default, and what sharding=3 is costed as.
  if (plan.optimizerSharding === 2 && plan.pipelines[0]!.stages.length > 1)
    return no('sharding', 'sharding=2 with a pipeline', '0 or 3', 'Maybe 3: it is the same there.');
  if (plan.optimizerSharding === 0 && cp > 1) return no('sharding', `no sharding with cp=${cp}`, '2 or 3');
  const size = plan.shardGroup;
  return size !== null && ((dp * cp) % size !== 0 || size % cp !== 0)
    ? no('shard-group', `groups of ${size}`, `a multiple of cp=${cp} that divides dp·cp = ${dp * cp}`)
    : null;
};

const experts: Rule = (_, plan) => {
  const { ep, etp } = degreesOf(plan);
  return ep === 1 && etp === 1 ? null : no('experts', `ep=${ep}, etp=${etp}`, 'a dense model');
};

const tokens: Rule = ({ workload }, plan) => {
  const { tp, cp } = degreesOf(plan);
  const unit = tp * (cp > 1 ? 2 * cp : 1);
  const perMicroBatch = plan.microBatchSize * workload.sequenceLength;
  return perMicroBatch % unit === 0
    ? null
    : no('tokens-divisible', `${perMicroBatch} tokens in a micro-batch`, `a multiple of ${unit}`);
};

const layout: Rule = (_, plan) => {
  const { pp } = degreesOf(plan);
  const chunks = chunksInOrder(plan);
  const off = chunks.findIndex(({ stage, first, end }, i) => stage !== i % pp || end <= first);
  return off < 0
    ? null
    : no('chunk-order', `chunk ${off} on stage ${chunks[off]!.stage}`, `layers, on stage ${off % pp}`);
};

/** SelectiveAC saves by operator; it knows no modules. FullAC wraps every layer. */
const recompute: Rule = (_, { recompute: { mode, modules, layersPerStage } }) => {
  if (mode === 'full' && layersPerStage !== null)
    return no('recompute', 'full recomputation of some layers', 'all layers, selective or none');
  const odd = modules.find((name) => name !== 'op');
  return odd === undefined
    ? null
    : no('recompute-module', `recompute of ${odd}`, 'op, by operator', 'Maybe recompute=op.');
};

export const TORCHTITAN_RULES: readonly Rule[] = [
  model,
  precision,
  schedule,
  virtualStages,
  sharding,
  experts,
  tokens,
  layout,
  recompute,
];
