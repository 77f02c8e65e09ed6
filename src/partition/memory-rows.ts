import type { Row, Variable } from './ilp/program.ts';
import type { PartitionStage } from './problem.ts';

interface Run {
  readonly kind: number;
  readonly count: number;
}

/**
 * Memory as rows of an integer program: at each point Σ bytes·x + Σ w ≤ room, where w is the widest layer of the stage,
 * w ≥ bytes·p for every kind that is present, and p = 1 where any layer of it is. `x(stage, run)` are the variables of
 * layer counts; new ones are numbered from `next`. null where a stage's layers are not alike in all their places.
 */
export function memoryRows(
  stages: readonly PartitionStage[],
  runs: readonly Run[],
  x: (stage: number, run: number) => number,
  next: number,
): { readonly variables: Variable[]; readonly rows: Row[] } | null {
  const variables: Variable[] = [];
  const rows: Row[] = [];
  const add = (variable: Variable) => next + variables.push(variable) - 1;
  for (const [s, { room }] of stages.entries()) {
    if (room === null || room.segments.length > 1) return null;
    const present = new Map<number, number>();
    for (const [r, { kind, count }] of runs.entries()) {
      let p = present.get(kind);
      if (p === undefined) {
        p = add({ name: `p${s}.${kind}`, cost: 0, lower: 0, upper: 1, integer: true });
        present.set(kind, p);
      }
      rows.push(
        atMost(
          `present${s}.${r}`,
          [
            [x(s, r), 1],
            [p, -count],
          ],
          0,
        ),
      );
    }
    for (const [i, { room: bytes, sum, widest }] of room.points.entries()) {
      // In shares of the room, which keeps coefficients near one.
      const unit = Math.abs(bytes);
      const wide = widest.map((row, k) => {
        const w = add({
          name: `w${s}.${i}.${k}`,
          cost: 0,
          lower: 0,
          upper: Number.POSITIVE_INFINITY,
          integer: false,
        });
        for (const [kind, p] of present)
          rows.push(
            atMost(
              `wide${s}.${i}.${k}.${kind}`,
              [
                [p, row[kind]! / unit],
                [w, -1],
              ],
              0,
            ),
          );
        return [w, 1] as const;
      });
      const terms = runs.map(({ kind }, r) => [x(s, r), sum[0]![kind]! / unit] as const);
      rows.push(atMost(`bytes${s}.${i}`, [...terms, ...wide], bytes / unit));
    }
  }
  return { variables, rows };
}

function atMost(name: string, terms: Row['terms'], upper: number): Row {
  return { name, terms, lower: Number.NEGATIVE_INFINITY, upper };
}
