import { InputError } from '../../domain/input-error.ts';
import { isKind, type Value } from '../../foreign/python/value.ts';
import type { Asked, LaunchReader, ModelFacts, ReadFile, Source } from '../port/reader.ts';
import { broken } from '../reading/file-rule.ts';
import { readWays } from '../reading/ways.ts';
import { trainedBy } from './adapters.ts';
import type { RecipeAssignments } from './assignments.ts';
import { commandLine, isTitanFlag, RUN_SCRIPT, startsTitan } from './command-line.ts';
import { TITAN_FILE_RULES } from './file-rules.ts';
import { ISLAND_FILE } from './islands.ts';
import { jobFields } from './job-file.ts';
import { lossNotes, lossOfRun } from './loss.ts';
import { classOf } from './made.ts';
import { askedOptimizer } from './optimizer.ts';
import { precisionOf } from './precision.ts';
import { recipeOf } from './recipes.ts';
import type { TitanModel } from './registry.ts';
import { type TitanRun, titanRun } from './run.ts';
import { SCHEDULE_NAMES } from './schedules.ts';
import { sizesOf } from './sizes.ts';
import { ASYNC, compilesModel } from './technique-file-rules.ts';

const P = 'parallelism';

/** A torchtitan recipe in Python, read without being run, or a job in TOML of before there were recipes. */
export const titanReader: LaunchReader = {
  file: 'plan.py',
  rules: TITAN_FILE_RULES,
  read(source) {
    const { path } = source;
    refuseIsland(source);
    if (!startsTitan(source))
      return titanFile(
        titanRun(
          /\.toml$/i.test(path) ? jobOf(source) : recipeOf(source.statements(), path, source.part),
          path,
        ),
      );
    const found = source.words(isTitanFlag, RUN_SCRIPT);
    return readWays(source, found, ({ words }) =>
      titanFile(titanRun(commandLine(words, found.variables, source), path)),
    );
  },
};

/** Of a job, however it was written. */
export function titanFile(run: TitanRun): ReadFile {
  return {
    asked: (gpus) => askedOf(run, gpus ?? null),
    violations: (gpus) => broken(TITAN_FILE_RULES, run, sizesOf(run, gpus), (at) => run.line(at)),
  };
}

/** What islands do together stands in no recipe of one of them. */
function refuseIsland({ path, beside }: Source): void {
  if (beside?.(ISLAND_FILE)?.includes('torchft') !== true) return;
  throw new InputError({
    message: `${path} is one of several islands: ${ISLAND_FILE} stands beside it`,
    expected: 'the recipe of a job by itself',
    hint: 'Maybe the plan that the folder was written from: PLAN.json#1.',
  });
}

const jobOf = ({ path, table }: Source): RecipeAssignments => ({
  base: null,
  length: null,
  fields: jobFields(table(), path),
  names: new Map(),
});

/** Of MemoryBudgetAC (torchtitan/distributed/activation_checkpoint.py@b5bcd76). */
const USUAL_BUDGET = 0.5;
/** Kernels of torch.compile. */
const COMPILED = 'torch-fsdp2-compiled';
/** All that FSDP2's CPUOffloadPolicy moves. */
const OFFLOADED = { 'offload-optimizer': '1', 'offload-parameters': 'host' } as const;

/** Parameters are gathered again in the backward pass unless the file, or a pipeline, keeps them. */
function askedOf(run: TitanRun, gpus: number | null): Asked {
  const trained = trainedBy(run);
  const optimizer = askedOptimizer(run);
  const { pp, tp, cp, ep, replicate, shard, stages, sequenceParallel, ...workload } = sizesOf(run, null);
  const { sequenceLength, microTokens, microBatches, stepTokens } = workload;
  const dp = shard === null ? null : replicate * shard;
  const schedule = scheduleOf(run.word(`${P}.pipeline_parallel_schedule`));
  const ofJob = sizesOf(run, gpus).shard;
  const tokens = stepTokens ?? (ofJob === null ? null : microTokens * microBatches * replicate * ofJob);
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
      recompute: recomputeOf(run, pp),
      zero: String(sharding),
      ...(run.at('training.enable_cpu_offload') === true ? OFFLOADED : {}),
      // A field of versions before parameter groups: OptimizersInBackwardContainer.
      ...(run.at('optimizer.early_step_in_backward') === true ? { 'optimizer-in-backward': 'true' } : {}),
      ...(replicate > 1 && sharding > 0 ? { 'dp-replicate': String(replicate) } : {}),
      ...(tp > 1 ? { sp: String(sequenceParallel) } : {}),
      ...(tp > 1 && sequenceParallel && compilesModel(run) && ASYNC.some((path) => run.at(path) === true)
        ? { 'tp-overlap': 'async' }
        : {}),
    },
    ...(compilesModel(run) ? { stack: COMPILED } : {}),
    sequenceLength,
    globalBatchSize: tokens === null ? null : tokens / sequenceLength,
    precision: precisionOf(run),
    ...(optimizer === undefined ? {} : { optimizer }),
    ...trained,
    layers: run.model?.layers ?? null,
    hiddenSize: run.model?.hiddenSize ?? null,
    ...(run.model === null ? {} : { model: factsOf(run.model) }),
    notes: [...lossNotes(run), ...scheduleNotes(run, pp, schedule), ...reshardNotes(reshard, pp)],
  };
}

function scheduleOf(name: string | null): string | null {
  return Object.entries(SCHEDULE_NAMES).find(([, theirs]) => theirs === (name ?? '1F1B'))?.[0] ?? null;
}

/**
 * Under a pipeline each forward then gathers its stage again, which backward leaves gathered until the last one
 * (set_reshard_after_backward in torch/distributed/pipelining/stage.py): as much memory, and more time than is estimated.
 */
function reshardNotes(reshard: string | null, pp: number): string[] {
  return reshard === 'always' && pp > 1
    ? [
        'fsdp_reshard_after_forward always with a pipeline gathers parameters for each micro-batch: estimated without, as by default',
      ]
    : [];
}

/** Schedules that torchtitan has and that cannot be timed. */
function scheduleNotes(run: TitanRun, pp: number, schedule: string | null): string[] {
  const name = run.word(`${P}.pipeline_parallel_schedule`);
  return pp > 1 && schedule === null
    ? [`pipeline_parallel_schedule ${name} is not estimated: the usual schedule of as many chunks is`]
    : [];
}

function factsOf({ heads, kvHeads, ffnHiddenSize, experts }: TitanModel): ModelFacts {
  return {
    ...{ heads, queryGroups: kvHeads },
    ...(experts === null
      ? { ffnHiddenSize, experts: 0 }
      : { experts: experts.count, expertsPerToken: experts.topK, expertFfnHiddenSize: ffnHiddenSize }),
  };
}

/** The classes of today, or the mode of the configuration before them. */
function recomputeOf(run: TitanRun, pp: number): string {
  const value = run.at('activation_checkpoint');
  const keyword = (key: string) => (isKind(value, 'made') ? value.keywords.get(key) : undefined);
  const name = classOf(value);
  const mode = name === null ? undefined : keyword('mode');
  if (name === 'FullAC' || mode === 'full') return 'full';
  if (name === 'MemoryBudgetAC' || mode === 'memory_budget') return budgetOf(keyword('memory_budget'));
  if (name !== 'SelectiveAC' && mode !== 'selective') return 'none';
  const every = Number(keyword('selective_ac_option') ?? Number.NaN);
  return Number.isInteger(every) && every > 0 ? everyNth(run, every, pp) : 'op';
}

/** Whole layers, each Nth: fewer of a stage are counted where that is no whole number of them. */
function everyNth(run: TitanRun, every: number, pp: number): string {
  if (every === 1) return 'full';
  const stages = run.parts?.layers ?? (run.model === null ? null : [run.model.layers / pp]);
  const covered = stages === null ? 0 : Math.floor(Math.min(...stages) / every);
  return covered === 0 ? 'none' : `full:${covered}`;
}

/** 0 keeps the inputs of layers alone, 1 is the compiler's own choice. */
function budgetOf(stated: Value | undefined): string {
  const budget = typeof stated === 'number' ? stated : USUAL_BUDGET;
  return budget <= 0 ? 'full' : budget >= 1 ? 'none' : `budget:${budget}`;
}
