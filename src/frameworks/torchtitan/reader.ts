import { isKind, type Value } from '../../foreign/python/value.ts';
import type { Asked, LaunchReader } from '../port/reader.ts';
import { broken } from '../reading/file-rule.ts';
import { trainedBy } from './adapters.ts';
import { TITAN_FILE_RULES } from './file-rules.ts';
import { lossNotes, lossOfRun } from './loss.ts';
import { classOf } from './made.ts';
import { askedOptimizer } from './optimizer.ts';
import { precisionOf } from './precision.ts';
import { type TitanRun, titanRun } from './run.ts';
import { SCHEDULE_NAMES } from './schedules.ts';
import { sizesOf } from './sizes.ts';

const P = 'parallelism';

/** A torchtitan recipe in Python, read without being run. */
export const titanReader: LaunchReader = {
  file: 'plan.py',
  rules: TITAN_FILE_RULES,
  read({ path, statements }) {
    const run = titanRun(statements(), path);
    return {
      asked: () => askedOf(run),
      violations: (gpus) => broken(TITAN_FILE_RULES, run, sizesOf(run, gpus), (at) => run.line(at)),
    };
  },
};

/** Of MemoryBudgetAC (torchtitan/distributed/activation_checkpoint.py@b5bcd76). */
const USUAL_BUDGET = 0.5;
/** All that FSDP2's CPUOffloadPolicy moves. */
const OFFLOADED = { 'offload-optimizer': '1', 'offload-parameters': 'host' } as const;

/** Parameters are gathered again in the backward pass unless the file, or a pipeline, keeps them. */
function askedOf(run: TitanRun): Asked {
  const trained = trainedBy(run);
  const optimizer = askedOptimizer(run);
  const { pp, tp, cp, ep, replicate, shard, stages, sequenceParallel, ...workload } = sizesOf(run, null);
  const { sequenceLength, microTokens, microBatches, stepTokens } = workload;
  const dp = shard === null ? null : replicate * shard;
  const schedule = scheduleOf(run.word(`${P}.pipeline_parallel_schedule`));
  const tokens = stepTokens ?? (dp === null ? null : microTokens * microBatches * dp);
  const reshard = run.word(`${P}.fsdp_reshard_after_forward`);
  const sharding = shard === 1 && cp === 1 ? 0 : reshard === 'never' && pp === 1 ? 2 : 3;
  return {
    configuration: {
      ...{ tp: String(tp), pp: String(pp), cp: String(cp) },
      ...(dp === null ? {} : { dp: String(dp) }),
      ...(ep > 1 ? { ep: String(ep) } : {}),
      'micro-batch': String(microTokens / sequenceLength),
      ...(pp > 1 && schedule !== null ? { schedule } : {}),
      ...(stages !== null && pp > 1 ? { vpp: String(stages / pp) } : {}),
      ...(run.parts === null ? {} : { layers: run.parts.layers.join('/') }),
      ...lossOfRun(run),
      recompute: recomputeOf(run.at('activation_checkpoint')),
      zero: String(sharding),
      ...(run.at('training.enable_cpu_offload') === true ? OFFLOADED : {}),
      // A field of versions before parameter groups: OptimizersInBackwardContainer.
      ...(run.at('optimizer.early_step_in_backward') === true ? { 'optimizer-in-backward': 'true' } : {}),
      ...(replicate > 1 && sharding > 0 ? { 'dp-replicate': String(replicate) } : {}),
      ...(tp > 1 ? { sp: String(sequenceParallel) } : {}),
    },
    sequenceLength,
    globalBatchSize: tokens === null ? null : tokens / sequenceLength,
    precision: precisionOf(run),
    ...(optimizer === undefined ? {} : { optimizer }),
    ...trained,
    layers: run.model?.layers ?? null,
    hiddenSize: run.model?.hiddenSize ?? null,
    notes: [...lossNotes(run), ...scheduleNotes(run, pp, schedule)],
  };
}

function scheduleOf(name: string | null): string | null {
  return Object.entries(SCHEDULE_NAMES).find(([, theirs]) => theirs === (name ?? '1F1B'))?.[0] ?? null;
}

/** Schedules that torchtitan has and that cannot be timed. */
function scheduleNotes(run: TitanRun, pp: number, schedule: string | null): string[] {
  const name = run.word(`${P}.pipeline_parallel_schedule`);
  return pp > 1 && schedule === null
    ? [`pipeline_parallel_schedule ${name} is not estimated: the usual schedule of as many chunks is`]
    : [];
}

/** The classes of today, or the mode of the configuration before them. */
function recomputeOf(value: Value | undefined): string {
  const name = classOf(value);
  const mode = name !== null && isKind(value, 'made') ? value.keywords.get('mode') : undefined;
  if (name === 'FullAC' || mode === 'full') return 'full';
  if (name === 'MemoryBudgetAC') return budgetOf(value);
  return name === 'SelectiveAC' || mode === 'selective' ? 'op' : 'none';
}

/** 0 keeps the inputs of layers alone, 1 is the compiler's own choice. */
function budgetOf(value: Value | undefined): string {
  const stated = isKind(value, 'made') ? value.keywords.get('memory_budget') : undefined;
  const budget = typeof stated === 'number' ? stated : USUAL_BUDGET;
  return budget <= 0 ? 'full' : budget >= 1 ? 'none' : `budget:${budget}`;
}
