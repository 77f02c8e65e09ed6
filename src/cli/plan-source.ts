import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { loadCalibration } from '../catalogue/calibrations.ts';
import { loadCluster } from '../catalogue/clusters.ts';
import { loadModel } from '../catalogue/models.ts';
import { type PlanFile, readPlanFile } from '../catalogue/plan-file.ts';
import { loadStack } from '../catalogue/stacks.ts';
import { calibrated } from '../domain/calibrated.ts';
import { asDriven } from '../domain/half-sums.ts';
import { InputError } from '../domain/input-error.ts';
import type { ModelSpec } from '../domain/model.ts';
import { onlyGroups } from '../domain/node-order.ts';
import type { Problem } from '../domain/problem.ts';
import type { Workload } from '../domain/workload.ts';
import { asTrained } from '../layers/training/as-trained.ts';
import { withinSequence } from '../layers/within-sequence.ts';
import { isFull } from '../plan-text/asked-training.ts';
import { optimizerText } from '../plan-text/optimizer-text.ts';
import { packingText } from '../plan-text/packing-text.ts';
import { trainingFlags } from '../plan-text/training-text.ts';
import { modelsFrom } from './models.ts';
import { clusterDigest, modelDigest } from './planned-inputs.ts';
import { optimizerFrom } from './problem.ts';
import type { Settings } from './settings.ts';

/** One row of what `plan --json` printed. */
interface PlannedRow {
  readonly path: string;
  readonly rank: number;
  readonly file: PlanFile;
  readonly chosen: PlanFile['plans'][number];
}

const RANKED = /^(.*)#(\d+)$/;

/** Whether an argument names a row of a plan file, `PLAN.json#2`. */
export function namesRow(argument: string): boolean {
  const [, path] = RANKED.exec(argument) ?? [];
  return path !== undefined && !existsSync(argument);
}

/** `PLAN.json#2`, or `PLAN.json`, whose first row is meant. Throws InputError. */
export function plannedAt(argument: string): PlannedRow {
  const [, path = argument, rankText] = RANKED.exec(argument) ?? [];
  const file = readPlanFile(path);
  const rank = Number(rankText ?? '1');
  const chosen = file.plans.find((plan) => plan.rank === rank);
  if (chosen === undefined) {
    throw new InputError({
      message: `${path} has no plan of rank ${rank}`,
      expected: file.plans.length === 0 ? 'a file with plans' : `1 to ${file.plans.length}`,
      at: file.document.locate('/plans'),
    });
  }
  return { path, rank, file, chosen };
}

/** Loads of each expert are a file of their own. */
function routingSettings(routing: PlanFile['problem']['routing']): Settings {
  if (routing === undefined) return {};
  const { imbalance, capacity, loads } = routing;
  if (loads !== undefined)
    throw new InputError({
      message: 'the plan rests on loads of its experts',
      expected: 'a plan that a command line can say',
      hint: 'Maybe the configuration of the row with --config, and --routing with the file of loads.',
    });
  const said = [
    ...(imbalance === undefined ? [] : [`imbalance=${imbalance}`]),
    ...(capacity === undefined ? [] : [`capacity=${capacity}`]),
  ];
  return said.length === 0 ? {} : { routing: said.join() };
}

/** The workload of a plan file, as flags would say it. */
export function plannedSettings({ problem }: PlanFile): Settings {
  const { sequenceLength, globalBatchSize, precision, optimizer, optimizerOptions, headroom } = problem;
  const { headroomBytes, reservedBytes, packing, models, training, stack, routing } = problem;
  return {
    'seq-length': String(sequenceLength),
    'global-batch': String(globalBatchSize),
    precision,
    stack,
    optimizer: optimizerText({ optimizer, optimizerOptions: optimizerOptions ?? {} }),
    headroom: headroomBytes === undefined ? `${headroom}` : `${headroomBytes}B`,
    ...(training === undefined || isFull(training) ? {} : trainingFlags({ ...training, assumed: [] })),
    ...(packing === undefined ? {} : { packing: packingText(packing) }),
    ...(models === undefined ? {} : { models: models.join(',') }),
    ...routingSettings(routing),
    ...(reservedBytes === undefined ? {} : { reserve: `${reservedBytes}B` }),
  };
}

/** A file that the plan names: as it was typed, or beside the plan. */
function fileOf({ name }: { readonly name: string }, folder: string): string {
  const beside = join(folder, name);
  return !existsSync(name) && existsSync(beside) && statSync(beside).isFile() ? beside : name;
}

/** Files of before there was a choice say nothing of it. */
function trainedAs(model: ModelSpec, stated: PlanFile['problem']['training']): ModelSpec {
  if (stated === undefined || isFull(stated)) return model;
  const { parameters: _, trainableParameters: __, ...training } = stated;
  return asTrained(model, { ...training, assumed: [] });
}

function workloadOf(stated: PlanFile['problem']): Workload {
  const { sequenceLength, globalBatchSize, precision, optimizer, optimizerOptions, headroom } = stated;
  const { headroomBytes, reservedBytes, packing, models, routing } = stated;
  return {
    ...{ sequenceLength, globalBatchSize, precision, headroom },
    ...optimizerFrom(optimizerText({ optimizer, optimizerOptions: optimizerOptions ?? {} })),
    ...(packing === undefined ? {} : { packing }),
    ...(routing === undefined ? {} : { routing }),
    ...modelsFrom(models?.join(','), precision, sequenceLength),
    ...(headroomBytes === undefined ? {} : { headroomBytes }),
    ...(reservedBytes === undefined ? {} : { reservedBytes }),
  };
}

/**
 * The problem the plan was made for; a model or cluster file is refused where what its figures depend on changed since. What the user's runs say
 * is as the plan has it, or as another file of calibrate does.
 */
export function plannedProblem(file: PlanFile, folder: string, calibrationPath?: string): Problem {
  const model = loadModel(fileOf(file.inputs.model, folder));
  const cluster = loadCluster(fileOf(file.inputs.cluster, folder));
  for (const [kind, now, planned] of [
    ['model', model.sha256, () => modelDigest(model.value)],
    ['cluster', cluster.sha256, () => clusterDigest(cluster.value)],
  ] as const) {
    const { name, sha256, plannedSha256 } = file.inputs[kind];
    if (now !== sha256 && planned() !== plannedSha256) {
      throw new InputError({
        message: `the ${kind} ${name} has changed since the plan was made`,
        expected:
          kind === 'cluster'
            ? 'the same file, but for hosts, scheduler options and prices'
            : 'a file that says the same',
        hint: 'Maybe run plan again.',
      });
    }
  }
  const { training, groups, stack } = file.problem;
  const problem = asDriven({
    model: trainedAs(withinSequence(model.value, file.problem.sequenceLength), training),
    cluster: onlyGroups(cluster.value, (group) => groups.includes(group.id)),
    stack: loadStack(stack),
    workload: workloadOf(file.problem),
  });
  const calibration =
    calibrationPath === undefined ? file.problem.calibration : loadCalibration(calibrationPath);
  return calibration === undefined ? problem : calibrated(problem, calibration);
}
