import { ABOVE_WIRE, type LinkSpec } from '../../domain/link.ts';
import { at, type CurveFact } from '../facts/facts.ts';
import { curveWords, fastest, rateText } from '../facts/measured-words.ts';

/** Below this size, bytes, start-up hides the rate of a port. */
export const LARGE = 2 ** 20;
const SLOW = 0.5;

/** What transfers through one network port reached. */
export interface PortRate {
  /** Bytes/s. */
  readonly bandwidth: number;
  readonly from: string;
}

/** Between two GPUs of two hosts: OSU does not say where its two ranks ran. */
export function crossesOnePort({ test, ranks, hosts }: CurveFact): boolean {
  return ranks === 2 && ((test === 'sendrecv' && hosts === 2) || (test.startsWith('OSU ') && hosts === 0));
}

/** What a port of `link` reaches by the fastest of the curves measured across one; what cannot be one is noted. */
export function portRate(
  curves: readonly CurveFact[],
  link: LinkSpec,
): {
  readonly rate: PortRate | null;
  readonly notes: readonly string[];
  readonly unknown: readonly string[];
} {
  const fit = curves.filter(({ unfit }) => unfit === null);
  const refused = fit.flatMap((curve) => refusal(curve, link) ?? []);
  const best = fit
    .filter((curve) => refusal(curve, link) === null)
    .reduce<CurveFact | null>((a, b) => (a === null || fastest(b) > fastest(a) ? b : a), null);
  if (best === null) return { rate: null, notes: refused, unknown: [] };
  const measured = fastest(best);
  const slow =
    measured < SLOW * link.bandwidth
      ? [`${curveWords(best)} is less than half of the ${rateText(link.bandwidth)} of ${link.id}`]
      : [];
  const unknown =
    best.hosts === 0 ? [`where the ranks of ${best.test} (${at(best)}) ran: two hosts assumed`] : [];
  return {
    rate: { bandwidth: measured, from: `${best.test}, ${at(best)}` },
    notes: [...refused, ...slow],
    unknown,
  };
}

function refusal(curve: CurveFact, link: LinkSpec): string | null {
  if (curve.largest < LARGE)
    return `${curve.test} (${at(curve)}) is not used: its largest size is ${curve.largest} B, and a port shows its rate from ${LARGE} B on`;
  return fastest(curve) > ABOVE_WIRE * link.bandwidth
    ? `${curve.test} (${at(curve)}) is not used: ${rateText(fastest(curve))} is above the ${rateText(link.bandwidth)} of a port of ${link.id} (maybe the network is another, or both ranks ran on one host)`
    : null;
}
