import { remembered } from '../units/remembered.ts';
import { apart, type Pass, type PipelineShape, type Schedule } from './schedule.ts';

/** By stage: micro-batches of each chunk alive at once, for each moment that no other outdoes in every chunk. */
export type InFlight = readonly (readonly (readonly number[])[])[];

/** Periods after which an order that works in rounds repeats itself, as far as memory can tell. */
const PERIODS = 3;
const known = new Map<string, InFlight>();
const MOST_KNOWN = 4000;

/** Replays the order of a schedule. Activations live from F to B, or to W where weight gradients are apart. */
export function inFlightOf(schedule: Schedule, shape: PipelineShape): InFlight {
  const short = { ...shape, microBatches: enough(schedule, shape) };
  const { stages, microBatches, virtualStages, runAhead = 0 } = short;
  const key = `${schedule.id}/${stages}/${microBatches}/${virtualStages}/${runAhead}`;
  const fresh = () =>
    stages === 1 && virtualStages === 1
      ? [interned([[1]])]
      : schedule.order(short).map((passes) => interned(front(passes, virtualStages)));
  return remembered(known, key, fresh, MOST_KNOWN);
}

const fronts = new Map<string, InFlight[number]>();

/** Fronts alike are one object, so that what follows from one is worked out once. */
function interned(one: InFlight[number]): InFlight[number] {
  const key = one.map((alive) => alive.join()).join('/');
  return remembered(fronts, key, () => one, MOST_KNOWN);
}

/** The fewest micro-batches whose replay has all that a longer one would show. */
function enough(
  schedule: Schedule,
  { stages, microBatches, virtualStages, runAhead = 0 }: PipelineShape,
): number {
  // Where all micro-batches stay alive, or rounds are not whole, there is no period.
  if (!schedule.bounded || (virtualStages > 1 && microBatches % stages !== 0)) return microBatches;
  // Chunks take micro-batches in rounds of as many as there are stages.
  const rest = virtualStages > 1 ? microBatches % stages : 0;
  return Math.min(microBatches, PERIODS * stages + rest + runAhead);
}

function front(passes: readonly Pass[], chunks: number): number[][] {
  const release = passes.some((pass) => pass.kind === 'W') ? 'W' : 'B';
  const alive = new Array<number>(chunks).fill(0);
  const kept: number[][] = [];
  let rising = false;
  for (const { kind, chunk } of apart(passes)) {
    if (kind === 'F') {
      alive[chunk]! += 1;
      rising = true;
    } else if (kind === release) {
      if (rising) note(kept, alive);
      rising = false;
      alive[chunk]! -= 1;
    }
  }
  if (rising) note(kept, alive);
  return kept;
}

/** Adds a moment unless another outdoes it in every chunk, and drops those that it outdoes. */
function note(kept: number[][], alive: readonly number[]): void {
  for (const other of kept) if (outdoes(other, alive)) return;
  for (let i = kept.length - 1; i >= 0; i--) if (outdoes(alive, kept[i]!)) kept.splice(i, 1);
  kept.push([...alive]);
}

function outdoes(more: readonly number[], less: readonly number[]): boolean {
  for (let chunk = 0; chunk < less.length; chunk++) if (more[chunk]! < less[chunk]!) return false;
  return true;
}
