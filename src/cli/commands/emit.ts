import { basename, dirname } from 'node:path';
import { InputError } from '../../domain/input-error.ts';
import { LAUNCHERS } from '../../frameworks/index.ts';
import { calibrationOf } from '../calibration.ts';
import { calibrationOption, type Register } from '../command.ts';
import { emitPlan } from '../emit-plan.ts';
import { EXIT } from '../io.ts';
import { plannedAt, plannedProblem } from '../plan-source.ts';
import { launcherFrom } from '../problem.ts';
import { scheduledCluster, scheduling, schedulingOptions } from '../scheduling.ts';
import { verifiedPlan } from '../verified-plan.ts';
import { toolVersion } from '../version.ts';

export const emit: Register = (program, io, done) => {
  const command = program.command('emit').description('write the files a launcher runs a plan from');
  schedulingOptions(calibrationOption(command))
    .argument('<plan>', 'what plan --json printed, and which rank: PLAN.json or PLAN.json#2')
    .requiredOption('--to <LAUNCHER>', LAUNCHERS.map((launcher) => launcher.id).join(', '))
    .option('--out <DIR>', 'folder to write, with those above; env and json are printed without it')
    .option('--force', 'replace files of the same names in a folder that exists')
    .action((argument: string, flags: Record<string, unknown>) => {
      const { path, rank, file, chosen } = plannedAt(argument);
      const problem = scheduledCluster(plannedProblem(file, dirname(path), calibrationOf(flags)), flags);
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
      const { plan, notes } = verifiedPlan(file, chosen, problem);
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
