import { InputError } from '../domain/input-error.ts';

/** A sweep prints many plans, each of a search of its own to its end: what is about the one best plan or its search has no place beside it. */
export function refuseOutsideSweeps(flags: Readonly<Record<string, unknown>>): void {
  const sweep = flags.pareto === true ? '--pareto' : flags.gpus === undefined ? '--what-if' : '--gpus';
  for (const [key, name] of [
    ['emit', '--emit'],
    ['from', '--from'],
    ['whyNot', '--why-not'],
    ['mtbf', '--mtbf'],
    ['threads', '--threads'],
    ['warmStart', '--warm-start'],
  ] as const)
    if (flags[key] !== undefined)
      throw new InputError({
        message: `${name} beside ${sweep}`,
        expected: 'one of them',
        hint: `Maybe ${name} in a run of its own${sweep === '--gpus' ? ', with --max-gpus' : ''}.`,
      });
}

/** How a job is started is no part of a plan. */
export function refuseWithoutFolder(flags: Readonly<Record<string, unknown>>): void {
  const odd = (['scheduler', 'sbatch', 'image'] as const).find((key) => flags[key] !== undefined);
  if (odd !== undefined && flags.emit === undefined)
    throw new InputError({
      message: `--${odd} without --emit`,
      expected: 'a folder to write',
      hint: `Maybe --emit launch, or emit PLAN.json --${odd}.`,
    });
}
