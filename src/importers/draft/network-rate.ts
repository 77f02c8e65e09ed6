import { ABOVE_WIRE, type LinkSpec } from '../../domain/link.ts';
import { at, type CurveFact } from '../facts/facts.ts';
import { busFactor, curveWords, fastest, rateText } from '../facts/measured-words.ts';

/** Below this size, bytes, start-up hides the rate of a port. */
export const LARGE = 2 ** 20;
const SLOW = 0.5;

/** What transfers through one network port reached. */
export interface PortRate {
  /** Bytes/s of one port, or of one flow where a port has room for several. */
  readonly bandwidth: number;
  /** Seconds that a transfer takes besides; 0: not measured. */
  readonly latency: number;
  /** One TCP stream does not fill a port. */
  readonly of: 'port' | 'flow';
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
  // Never above the wire, whatever a clock said.
  const measured = Math.min(fastest(best), link.bandwidth);
  const slow =
    link.layer !== 'tcp' && measured < SLOW * link.bandwidth
      ? [`${curveWords(best)} is less than half of the ${rateText(link.bandwidth)} of ${link.id}`]
      : [];
  const unknown =
    best.hosts === 0 ? [`where the ranks of ${best.test} (${at(best)}) ran: two hosts assumed`] : [];
  return {
    rate: {
      bandwidth: measured,
      latency: best.lines.toSorted((a, b) => b.bandwidth - a.bandwidth)[0]!.latency,
      of: link.layer === 'tcp' ? 'flow' : 'port',
      from: `${best.test}, ${at(best)}`,
    },
    notes: [...refused, ...slow],
    unknown,
  };
}

/** A ring over all GPUs of two hosts: what each host sends is the bus bandwidth. */
export function fillsPorts({ test, ranks, hosts, unfit }: CurveFact): boolean {
  return unfit === null && hosts === 2 && ranks > 2 && /^(all_reduce|all_gather|reduce_scatter)$/.test(test);
}

/** What all flows of a host reach together over TCP, by the fastest of the rings, bytes/s; null: not measured. */
export function nodeRate(
  curves: readonly CurveFact[],
  link: LinkSpec,
  ports: number,
): { readonly bandwidth: number; readonly from: string } | null {
  if (link.layer !== 'tcp') return null;
  const rates = curves
    .filter(({ largest }) => largest >= LARGE)
    .map((curve) => ({
      bandwidth: fastest(curve) * busFactor(curve.test, curve.ranks)!,
      wire: link.bandwidth * ports,
      from: `${curve.test} on ${curve.ranks} ranks, ${at(curve)}`,
    }))
    .filter(({ bandwidth, wire }) => bandwidth <= ABOVE_WIRE * wire)
    .map(({ bandwidth, wire, from }) => ({ bandwidth: Math.min(bandwidth, wire), from }));
  return rates.reduce<(typeof rates)[number] | null>(
    (a, b) => (a === null || b.bandwidth > a.bandwidth ? b : a),
    null,
  );
}

function refusal(curve: CurveFact, link: LinkSpec): string | null {
  if (curve.largest < LARGE)
    return `${curve.test} (${at(curve)}) is not used: its largest size is ${curve.largest} B, and a port shows its rate from ${LARGE} B on`;
  return fastest(curve) > ABOVE_WIRE * link.bandwidth
    ? `${curve.test} (${at(curve)}) is not used: ${rateText(fastest(curve))} is above the ${rateText(link.bandwidth)} of a port of ${link.id} (maybe the network is another, or both ranks ran on one host)`
    : null;
}
