import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { loadCluster } from '../../catalogue/clusters.ts';
import { loadModel } from '../../catalogue/models.ts';
import { type PlanFile, readPlanFile } from '../../catalogue/plan-file.ts';
import { loadStack } from '../../catalogue/stacks.ts';
import { asDriven } from '../../domain/half-sums.ts';
import { InputError } from '../../domain/input-error.ts';
import type { ModelSpec } from '../../domain/model.ts';
import { onlyGroups } from '../../domain/node-order.ts';
import type { Problem } from '../../domain/problem.ts';
import type { Workload } from '../../domain/workload.ts';
import { LAUNCHERS } from '../../frameworks/index.ts';
import { asTrained } from '../../layers/training/as-trained.ts';
import { withinSequence } from '../../layers/within-sequence.ts';
import { optimizerText } from '../../plan-text/optimizer-text.ts';
import type { Register } from '../command.ts';
import { emitPlan } from '../emit-plan.ts';
import { EXIT } from '../io.ts';
import { modelsFrom } from '../models.ts';
import { clusterDigest, modelDigest } from '../planned-inputs.ts';
import { launcherFrom, optimizerFrom } from '../problem.ts';
import { scheduledCluster, scheduling, schedulingOptions } from '../scheduling.ts';
import { isFull } from '../training.ts';
import { verifiedPlan } from '../verified-plan.ts';
import { toolVersion } from '../version.ts';

export const emit: Register = (program, io, done) => {
  const command = program.command('emit').description('write the files a launcher runs a plan from');
  schedulingOptions(command)
    .argument('<plan>', 'what plan --json printed, and which rank: PLAN.json or PLAN.json#2')
    .requiredOption('--to <LAUNCHER>', LAUNCHERS.map((launcher) => launcher.id).join(', '))
    .option('--out <DIR>', 'folder to write; env and json are printed without it')
    .option('--force', 'replace files of the same names in a folder that exists')
    .action((argument: string, flags: Record<string, unknown>) => {
      const [, path = argument, rankText] = /^(.*)#(\d+)$/.exec(argument) ?? [];
      const file = readPlanFile(path);
      const { document } = file;
      const rank = Number(rankText ?? '1');
      const index = file.plans.findIndex((plan) => plan.rank === rank);
      if (index < 0) {
        throw new InputError({
          message: `${path} has no plan of rank ${rank}`,
          expected: file.plans.length === 0 ? 'a file with plans' : `1 to ${file.plans.length}`,
          at: document.locate('/plans'),
        });
      }
      const problem = scheduledCluster(problemOf(file, dirname(path)), flags);
      const launcher = launcherFrom(String(flags.to), '--to');
      if (launcher === null)
        throw new InputError({
          message: '--to is "any"',
          expected: `one of ${LAUNCHERS.map((one) => one.id).join(', ')}`,
        });
      const context = {
        origin: `shardwright ${toolVersion()}, ${basename(path)}#${rank}`,
        inputs: { model: file.inputs.model.name, cluster: file.inputs.cluster.name },
      };
      const { plan, notes } = verifiedPlan(file, index, problem);
      for (const note of notes) io.stderr(`note: ${note}\n`);
      emitPlan(launcher, problem, plan, context, {
        out: flags.out === undefined ? null : String(flags.out),
        force: flags.force === true,
        io,
        scheduling: scheduling(flags),
      });
      done(EXIT.ok);
    });
};

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

/** The problem the plan was made for; a model or cluster file is refused where what its figures depend on changed since. */
function problemOf(file: PlanFile, folder: string): Problem {
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
  return asDriven({
    model: trainedAs(withinSequence(model.value, file.problem.sequenceLength), training),
    cluster: onlyGroups(cluster.value, (group) => groups.includes(group.id)),
    stack: loadStack(stack),
    workload: workloadOf(file.problem),
  });
}
