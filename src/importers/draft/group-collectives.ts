import { COLLECTIVES, type Collective, type LinkSpec } from '../../domain/link.ts';
import { at, type CurveFact, type FittedLine } from '../facts/facts.ts';
import { lineSeconds } from '../facts/line-fit.ts';
import { busFactor, curveWords } from '../facts/measured-words.ts';
import { LARGE } from './network-rate.ts';

const TESTS: Readonly<Record<Collective, string>> = {
  allReduce: 'all_reduce',
  allGather: 'all_gather',
  reduceScatter: 'reduce_scatter',
  allToAll: 'alltoall',
};
// Outside of these shares of the link's own speed a measurement is worth a second look.
const [SLOW, FAST] = [0.5, 1.2];

/** A collective measured on GPUs of one host, nccl-tests conventions. */
export interface DraftCollective {
  readonly collective: Collective;
  readonly gpus: number;
  readonly lines: readonly FittedLine[];
  readonly from: string;
}

/** Whether a curve is of a collective that cluster files have, inside one host. */
export function insideOneHost({ test, hosts, ranks }: CurveFact): boolean {
  return hosts === 1 && ranks > 1 && Object.values(TESTS).includes(test);
}

/** The collectives that curves measured inside hosts of `gpusPerNode` give, one of a kind and size; the rest is noted. */
export function groupCollectives(
  curves: readonly CurveFact[],
  gpusPerNode: number,
  link: LinkSpec,
): { readonly collectives: readonly DraftCollective[]; readonly notes: readonly string[] } {
  const fit = curves.filter(({ unfit }) => unfit === null);
  const notes = fit.flatMap((curve) => refusal(curve, gpusPerNode) ?? []);
  const usable = fit.filter((curve) => refusal(curve, gpusPerNode) === null);
  const first = usable.filter((curve, i) => usable.findIndex((other) => same(curve, other)) === i);
  const again = usable.filter((curve) => !first.includes(curve));
  notes.push(...again.map((curve) => `${curve.test} (${at(curve)}) is not used: it was measured before`));
  notes.push(...first.flatMap((curve) => surprise(curve, link) ?? []));
  const collectives = COLLECTIVES.flatMap((collective) =>
    first
      .filter(({ test }) => test === TESTS[collective])
      .sort((a, b) => a.ranks - b.ranks)
      .map((curve) => ({ collective, gpus: curve.ranks, lines: curve.lines, from: curveWords(curve) })),
  );
  return { collectives, notes };
}

function same(a: CurveFact, b: CurveFact): boolean {
  return a.test === b.test && a.ranks === b.ranks;
}

function refusal(curve: CurveFact, gpusPerNode: number): string | null {
  if (curve.ranks > gpusPerNode)
    return `${curve.test} (${at(curve)}) is not used: it ran on ${curve.ranks} GPUs of a host, and hosts of the group have ${gpusPerNode}`;
  return curve.largest < LARGE
    ? `${curve.test} (${at(curve)}) is not used: its largest size is ${curve.largest} B, and a link shows its rate from ${LARGE} B on`
    : null;
}

/** A note where the largest size took far more or less than by the link's own curve. */
function surprise(curve: CurveFact, link: LinkSpec): string | null {
  const own = ownSeconds(curve, link);
  if (own === null) return null;
  const speed = own / lineSeconds(curve.lines, curve.largest);
  if (speed >= SLOW && speed <= FAST) return null;
  return `${curve.test} (${at(curve)}) runs at ${speed.toPrecision(2)} of the speed of ${link.id} at ${curve.largest} B: maybe the link is another`;
}

/** Seconds of a curve's largest size by the link's own curve of the nearest size; null where it has none. */
function ownSeconds({ test, ranks, largest }: CurveFact, link: LinkSpec): number | null {
  const alike = link.collectives.filter(({ collective }) => TESTS[collective] === test);
  const distance = (gpus: number) => Math.abs(Math.log2(gpus / ranks));
  const nearest = alike.sort((a, b) => distance(a.gpus) - distance(b.gpus))[0];
  if (nearest === undefined) return null;
  return lineSeconds(nearest.lines, (largest * busFactor(test, ranks)!) / busFactor(test, nearest.gpus)!);
}
