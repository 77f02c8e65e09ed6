import type { ModelSpec } from '../domain/model.ts';
import type { Outlook } from '../reliability/outlook.ts';
import type { OutlookDocument } from '../schema/estimate.ts';
import { digits, formatBytes, formatPercent, formatSeconds } from '../units/format.ts';
import { wrap } from '../units/wrap.ts';
import type { Style } from './paint.ts';
import { perSecond, rateWords } from './unit.ts';

type Unit = Pick<ModelSpec, 'unit'>;

/** What failures and other traffic leave of a plan, a line each. */
function outlookWords(model: Unit, { checkpoint, shortage, congestion, ...one }: Outlook): string[] {
  const { intervalSeconds: interval, youngSeconds, dalySeconds } = checkpoint;
  const longer = interval > dalySeconds ? `, as long as ${storageOrStep(checkpoint)}` : '';
  return [
    `Goodput: ${formatPercent(one.goodput)} of the time trains what is kept, ${rateWords(model, one.tokensPerSecond)} in the long run. A failure stops the job every ${span(one.mttfSeconds)}; ${span(one.restartSeconds)} until it trains again.`,
    `Checkpoint: ${formatBytes(checkpoint.bytes)}, training waits ${formatSeconds(checkpoint.stallSeconds)}, written in ${formatSeconds(checkpoint.writeSeconds)}; best every ${span(interval)}${longer} (Young ${span(youngSeconds)}, Daly ${span(dalySeconds)}).`,
    ...(shortage === null
      ? []
      : [
          `Spares: ${formatPercent(shortage.share)} of failures find none, and wait up to ${span(shortage.waitSeconds)}.`,
        ]),
    ...(congestion === null
      ? []
      : [
          `Congestion: with ${formatPercent(congestion.share)} of the network's bandwidth the step takes ${formatSeconds(congestion.stepSeconds)}.`,
        ]),
    ...one.blastRadii.map(
      ({ group, of, gpus, copies, ofCopies }) =>
        `Blast radius: a ${of} of ${group} takes ${gpus} GPUs, and stops ${copies} of ${ofCopies} cop${ofCopies === 1 ? 'y' : 'ies'}.`,
    ),
    ...one.assumptions.map((text) => `Assumed of failures: ${text}.`),
  ];
}

function storageOrStep({ intervalSeconds, writeSeconds }: Outlook['checkpoint']): string {
  return intervalSeconds === writeSeconds ? 'storage takes' : 'a step';
}

/** The same for people, below a table. */
export function outlookText(
  model: Unit,
  outlook: Outlook,
  { columns }: Style,
  more: readonly string[] = [],
): string {
  return `\n${[...outlookWords(model, outlook), ...more].map((line) => wrap(line, columns)).join('\n')}\n`;
}

/** Of ranked plans: which keeps more in the long run than the first. */
export function longRunWords(model: Unit, [first, ...others]: readonly Outlook[]): string[] {
  let best = -1;
  for (const [i, one] of others.entries())
    if (one.tokensPerSecond > Math.max(first!.tokensPerSecond, others[best]?.tokensPerSecond ?? 0)) best = i;
  return best < 0
    ? []
    : [`Plan ${best + 2} keeps more in the long run: ${rateWords(model, others[best]!.tokensPerSecond)}.`];
}

/** `19.3 min`, `3.1 h`, `41.2 d`. */
export function span(seconds: number): string {
  if (seconds < 120) return formatSeconds(seconds);
  if (seconds < 2 * 3600) return `${digits(seconds / 60)} min`;
  return seconds < 2 * 86_400 ? `${digits(seconds / 3600)} h` : `${digits(seconds / 86_400)} d`;
}

export function outlookJson(
  model: Unit,
  { checkpoint, shortage, congestion, ...one }: Outlook,
): OutlookDocument {
  return {
    goodput: one.goodput,
    ...perSecond(model, one.tokensPerSecond),
    meanTimeToFailureSeconds: one.mttfSeconds,
    restartSeconds: one.restartSeconds,
    checkpoint,
    shortage,
    congestion:
      congestion === null ? null : { share: congestion.share, stepTimeSeconds: congestion.stepSeconds },
    blastRadii: one.blastRadii,
    assumptions: one.assumptions,
  };
}
