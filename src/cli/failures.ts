import type { Command } from 'commander';
import { InputError } from '../domain/input-error.ts';
import { whole } from '../plan-text/whole.ts';
import type { Saving } from '../reliability/checkpoint.ts';
import type { Failures } from '../reliability/outlook.ts';
import { type Dimension, parseQuantity } from '../units/parse.ts';

export const FAILURE_FLAGS = ['mtbf', 'checkpoint', 'restart', 'spares', 'repair', 'congestion'] as const;
type Flag = (typeof FAILURE_FLAGS)[number];

/** What is known of failures and of the network's other traffic. */
export function failureOptions(command: Command): Command {
  return command
    .option(
      '--mtbf <TIME>',
      'time between failures that stop the job, of a GPU: 2111d, or host=1y, job=3.1h, usual; says goodput',
    )
    .option('--checkpoint <HOW>', 'what a checkpoint takes: 60s, storage 50GB/s, or async:50GB/s')
    .option('--restart <TIME>', 'to notice a failure and start again (default 5min)')
    .option('--spares <N>', 'hosts that stand by (default: always one more)')
    .option('--repair <TIME>', 'until a failed host is back, beside --spares (default 1d)')
    .option(
      '--congestion <SHARE>',
      'bandwidth that other traffic leaves, beside --mtbf: 80%, or bus bandwidths measured on several groups: 183GB/s,140GB/s',
    );
}

/** null: nothing was said of failures. Throws InputError. */
export function failuresFrom(flags: Readonly<Record<string, unknown>>): Failures | null {
  const said = (flag: Flag) => (flags[flag] === undefined ? null : String(flags[flag]));
  const mtbf = said('mtbf');
  if (mtbf === null) {
    const odd = FAILURE_FLAGS.find((flag) => said(flag) !== null);
    if (odd === undefined) return null;
    throw new InputError({
      message: `--${odd} without --mtbf`,
      expected: 'how often GPUs fail',
      hint: 'Maybe --mtbf usual.',
    });
  }
  const [spares, repair] = [said('spares'), said('repair')];
  if (repair !== null && spares === null)
    throw new InputError({ message: '--repair without --spares', expected: 'hosts that stand by' });
  const restart = said('restart');
  const congestion = said('congestion');
  const saving = said('checkpoint');
  return {
    mtbf: mtbf === 'usual' ? null : mtbfFrom(mtbf),
    saving: saving === null ? null : savingFrom(saving),
    restartSeconds: restart === null ? null : quantityOf('--restart', restart, 'duration'),
    spares:
      spares === null
        ? null
        : {
            hosts: whole('--spares', spares, 0, 1e6),
            repairSeconds: quantityOf('--repair', repair ?? '1d', 'duration'),
          },
    congestion: congestion === null ? null : congestionFrom(congestion),
  };
}

function mtbfFrom(text: string): NonNullable<Failures['mtbf']> {
  const [, of = 'gpu', time = ''] = /^(?:(gpu|host|job)=)?(.*)$/.exec(text) ?? [];
  return { of: of as 'gpu' | 'host' | 'job', seconds: quantityOf('--mtbf', time, 'duration', text) };
}

function savingFrom(text: string): Saving {
  const [, async, how = ''] = /^(async:)?(.*)$/.exec(text) ?? [];
  const rate = parseQuantity(how, 'bandwidth');
  if (rate.ok && rate.value > 0)
    return { kind: async === undefined ? 'sync' : 'async', bandwidth: rate.value };
  const stall = parseQuantity(how, 'duration');
  if (async === undefined && stall.ok && stall.value > 0) return { kind: 'stall', seconds: stall.value };
  throw new InputError({
    message: `--checkpoint is "${text}"`,
    expected: 'how long it keeps training waiting: 60s, or the rate of storage: 50GB/s, async:50GB/s',
  });
}

/** A share, or what bus bandwidths measured side by side leave: the slowest of the fastest, which every step waits for. */
function congestionFrom(text: string): number {
  const share = parseQuantity(text, 'share');
  if (share.ok && share.value > 0 && share.value <= 1) return share.value;
  const rates = text.split(',').map((one) => parseQuantity(one, 'bandwidth'));
  const values = rates.flatMap((rate) => (rate.ok && rate.value > 0 ? [rate.value] : []));
  if (values.length === rates.length && values.length > 1) return Math.min(...values) / Math.max(...values);
  throw new InputError({
    message: `--congestion is "${text}"`,
    expected: 'a share above 0% up to 100%, or two or more bandwidths: 183GB/s,140GB/s',
  });
}

/** More than nothing, in units of the dimension. Throws InputError naming the flag. */
export function quantityOf(option: string, text: string, dimension: Dimension, whole = text): number {
  const parsed = parseQuantity(text, dimension);
  if (parsed.ok && parsed.value > 0) return parsed.value;
  throw new InputError({
    message: `${option} is "${whole}"`,
    expected: parsed.ok ? 'more than nothing' : parsed.expected,
    ...(parsed.ok || parsed.hint === undefined ? {} : { hint: parsed.hint }),
  });
}
