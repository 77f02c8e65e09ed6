import { dealt } from '../../domain/dealt.ts';
import { contentOfKind } from './content.ts';
import { type Gathered, mostAt } from './gathered.ts';

/**
 * The most layers of one kind that fit when they are dealt over the chunks of a stage: at every point and moment,
 * n = q·chunks + r layers take fixed + n·once + inFlight·(q·Σ alive + alive of the first r chunks), the widest beside.
 */
export function mostDealt(
  points: readonly Gathered[],
  fronts: readonly (readonly number[])[],
  kind: number,
  allocatable: number,
): number {
  let most = Number.POSITIVE_INFINITY;
  for (const point of points) {
    const at = point.inFlightButOne === null ? mostByRounds : mostByTrying;
    for (const alive of fronts) most = Math.min(most, at(point, alive, kind, allocatable));
  }
  return most;
}

function mostByTrying(point: Gathered, alive: readonly number[], kind: number, allocatable: number): number {
  const kinds = point.once.layers[0]!.length;
  const fits = (n: number) => {
    const content = contentOfKind(dealt(n, alive.length), kind, kinds);
    return mostAt(point, content, [alive]).bytes <= allocatable;
  };
  let n = 0;
  let step = 1;
  while (fits(n + step)) {
    n += step;
    step *= 2;
  }
  for (; step >= 1; step = Math.floor(step / 2)) if (fits(n + step)) n += step;
  return n;
}

function mostByRounds(
  { once, inFlight, widest }: Gathered,
  alive: readonly number[],
  kind: number,
  allocatable: number,
): number {
  const chunks = alive.length;
  let free = allocatable;
  let all = 0;
  for (let c = 0; c < chunks; c++) {
    free -= once.fixed[c]! + alive[c]! * (inFlight?.fixed[c] ?? 0);
    all += alive[c]!;
  }
  for (const row of widest) free -= row[kind]!;
  const resident = once.layers[0]![kind]!;
  const each = inFlight?.layers[0]?.[kind] ?? 0;
  const round = chunks * resident + each * all;
  if (free < 0) return 0;
  const whole = Math.floor(free / round);
  let left = free - whole * round;
  for (let r = 0; r < chunks; r++) {
    left -= resident + each * alive[r]!;
    if (left < 0) return whole * chunks + r;
  }
  return (whole + 1) * chunks;
}
