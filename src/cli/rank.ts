import type { Command } from 'commander';
import { InputError } from '../domain/input-error.ts';
import { RANKS, type Rank } from '../session/steady-first.ts';
import { nearest } from '../units/nearest.ts';
import type { Settings } from './settings.ts';

export function rankOption(command: Command): Command {
  return command.option(
    '--rank <WHAT>',
    `which of the plans that the model cannot tell apart comes first: ${RANKS.join(', ')} (default steady)`,
  );
}

/** Which plan comes first, of those that the model cannot tell apart. */
export function rankFrom({ rank = 'steady' }: Settings): Rank {
  const known = RANKS.find((one) => one === rank);
  if (known !== undefined) return known;
  const near = nearest(rank, RANKS);
  throw new InputError({
    message: `--rank is "${rank}"`,
    expected: `one of ${RANKS.join(', ')}`,
    ...(near === undefined ? {} : { hint: `Maybe --rank ${near}.` }),
  });
}
