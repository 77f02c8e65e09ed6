import { InputError } from '../domain/input-error.ts';
import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { LAUNCHERS } from '../frameworks/index.ts';
import type { Framework } from '../frameworks/port/framework.ts';
import { launchFolder, type Scheduling } from '../launch-folder/folder.ts';
import type { RenderContext } from '../launch-folder/launch-file.ts';
import { writeFolder } from './folder.ts';
import type { Io } from './io.ts';

interface EmitOptions {
  readonly out: string | null;
  readonly force: boolean;
  readonly io: Io;
  /** undefined: no flag says. */
  readonly scheduling: Scheduling | undefined;
}

/**
 * Writes the launch folder of a plan and names its files; without a folder, prints the one file of a launcher that has no
 * more. Throws InputError where the launcher cannot run the plan.
 */
export function emitPlan(
  launcher: Framework,
  problem: Problem,
  plan: Plan,
  context: RenderContext,
  { out, force, io, scheduling }: EmitOptions,
): void {
  const reason = launcher.reject(problem, plan);
  if (reason !== null) {
    const others = LAUNCHERS.filter((one) => one.reject(problem, plan) === null).map((one) => one.id);
    throw new InputError({
      message: `${launcher.name} cannot run this plan: ${reason.actual}`,
      expected: reason.limit,
      hint: `Maybe ${others.length > 0 ? `--to ${others.join(' or ')}, which can; or ` : ''}plan --launcher ${launcher.id}.`,
    });
  }
  const files = launchFolder(launcher, problem, plan, context, scheduling);
  const [only, ...more] = files;
  if (out === null) {
    if (more.length > 0)
      throw new InputError({
        message: '--out is missing',
        expected: `a folder for ${files.map(({ path }) => path).join(', ')}`,
      });
    io.stdout(only!.content);
    return;
  }
  writeFolder(out, files, force);
  io.stderr(`${files.map(({ path }) => `${out}/${path}`).join('\n')}\n`);
}
