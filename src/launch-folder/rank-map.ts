import { InputError } from '../domain/input-error.ts';
import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { type Place, placesOf, type RankOrder, seatsOf } from './ranks.ts';

const HEADER = 'rank,host,gpu,pipeline,stage,tp,cp,dp,ep';

/** One line a global rank: where it sits and what it does. */
export function rankMap({ cluster }: Problem, plan: Plan, order?: RankOrder): string {
  const seats = seatsOf(cluster, plan, order);
  const lines = placesOf(plan, order).map(({ pipeline, stage, tp, cp, dp, ep }, rank) => {
    const { host, gpu } = seats[rank]!;
    return [rank, host, gpu, pipeline, stage, tp, cp, dp, ep].join(',');
  });
  return `${[HEADER, ...lines].join('\n')}\n`;
}

/** A line of a rank map. */
export interface RankRow extends Omit<Place, 'device'> {
  readonly host: string;
  /** Local index on the host. */
  readonly gpu: number;
  readonly line: number;
}

/** Reads what `rankMap` wrote, in the order of ranks. Throws InputError where a line is off, or names a GPU again. */
export function rankRows(text: string, file: string): RankRow[] {
  const [header, ...lines] = text.trim().split(/\r?\n/);
  const refuse = (message: string, expected: string, line: number): never => {
    throw new InputError({ message, expected, at: { file, line } });
  };
  if (header !== HEADER) return refuse(`${file} is no rank map`, `the header ${HEADER}`, 1);
  const seen = new Map<string, number>();
  return lines.map((text, i) => {
    const line = i + 2;
    const [rank, host = '', ...numbers] = text.split(',');
    if (numbers.length !== 7 || !numbers.every((number) => /^\d+$/.test(number)))
      return refuse(`"${text}"`, `a whole number for each of ${HEADER}, but for the host`, line);
    if (Number(rank) !== i) return refuse(`rank ${rank}`, `rank ${i}`, line);
    const [gpu, pipeline, stage, tp, cp, dp, ep] = numbers.map(Number) as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const seat = `GPU ${gpu} of ${host}`;
    if (seen.has(seat)) return refuse(`${seat} again`, `one rank on it, as on line ${seen.get(seat)}`, line);
    seen.set(seat, line);
    return { host, gpu, pipeline, stage, tp, cp, dp, ep, line };
  });
}
