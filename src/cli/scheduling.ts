import type { Command } from 'commander';
import { withSbatch } from '../catalogue/sbatch-overrides.ts';
import { InputError } from '../domain/input-error.ts';
import type { Problem } from '../domain/problem.ts';
import type { Scheduling } from '../launch-folder/folder.ts';
import { SCHEDULERS } from '../launch-folder/schedulers/index.ts';
import { nearest } from '../units/nearest.ts';

const IDS = SCHEDULERS.map(({ id }) => id);
const [DEFAULT] = IDS as [string, ...string[]];

/** Whose files stand in a launch folder, and what they ask for. */
export function schedulingOptions(command: Command): Command {
  return command
    .option(
      '--scheduler <LIST>',
      `whose files to write: ${IDS.join(', ')}, or all that fit (default ${DEFAULT})`,
    )
    .option(
      '--sbatch <KEY=VALUE>',
      "an option of job.sbatch, over the cluster file's slurm: time=24:00:00, or h100:partition=fast for one group; again for more",
      (value: string, before: readonly string[] = []) => [...before, value],
    )
    .option('--image <NAME>', 'container image of the jobs that want one');
}

/** Throws InputError where a flag names what is not there, or would be ignored. */
export function scheduling(flags: Readonly<Record<string, unknown>>): Scheduling | undefined {
  if (flags.scheduler === undefined && flags.sbatch === undefined && flags.image === undefined)
    return undefined;
  const asked = String(flags.scheduler ?? DEFAULT);
  const ids = asked === 'all' ? IDS : asked.split(',');
  const schedulers = [...new Set(ids)].map((id) => {
    const found = SCHEDULERS.find((one) => one.id === id);
    if (found !== undefined) return found;
    const near = nearest(id, [...IDS, 'all']);
    throw new InputError({
      message: `--scheduler is "${id}"`,
      expected: `one or several of ${IDS.join(', ')}, or all`,
      ...(near === undefined ? {} : { hint: `Maybe "${near}".` }),
    });
  });
  if (flags.sbatch !== undefined && !ids.includes('slurm')) throw ignored('--sbatch', asked, 'slurm');
  if (flags.image !== undefined && !schedulers.some(({ containers }) => containers))
    throw ignored('--image', asked, SCHEDULERS.find(({ containers }) => containers)!.id);
  return {
    schedulers,
    each: asked !== 'all',
    image: flags.image === undefined ? null : imageFrom(String(flags.image)),
  };
}

function ignored(flag: string, asked: string, scheduler: string): InputError {
  return new InputError({
    message: `${flag} beside --scheduler ${asked}`,
    expected: `a scheduler that takes it, such as ${scheduler}`,
    hint: `Maybe --scheduler ${asked},${scheduler}.`,
  });
}

/** A reference of the form [HOST[:PORT]/]PATH[:TAG][@DIGEST]. */
function imageFrom(image: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._/:@-]*$/.test(image)) return image;
  throw new InputError({
    message: `--image is ${JSON.stringify(image)}`,
    expected: 'an image, such as registry.example/team/megatron:1.0',
  });
}

/** The problem on a cluster that asks Slurm for what `--sbatch` says. */
export function scheduledCluster(problem: Problem, { sbatch }: Readonly<Record<string, unknown>>): Problem {
  return sbatch === undefined
    ? problem
    : { ...problem, cluster: withSbatch(problem.cluster, sbatch as readonly string[]) };
}
