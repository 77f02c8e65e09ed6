/** A mixed-integer linear program in neutral form: minimise cost·x, rows between bounds, x between bounds. */
export interface Program {
  readonly variables: readonly Variable[];
  readonly rows: readonly Row[];
}

export interface Variable {
  readonly name: string;
  readonly cost: number;
  readonly lower: number;
  readonly upper: number;
  readonly integer: boolean;
}

export interface Row {
  readonly name: string;
  /** Variable index and coefficient. */
  readonly terms: readonly (readonly [number, number])[];
  readonly lower: number;
  readonly upper: number;
}

type Status = 'optimal' | 'feasible' | 'infeasible' | 'unsolved';

export interface Outcome {
  readonly status: Status;
  readonly values: readonly number[] | null;
  /** Recomputed from `values`, never taken from a solver. */
  readonly objective: number | null;
  /** Proven lower bound, if any. */
  readonly bound: number | null;
}

/** A back end that solves programs. Never trusted: see verify. */
export interface Solver {
  readonly name: string;
  /** `workLimit`: entries of the tableau to touch at the most; a clock would give a slow machine another answer. */
  solve(program: Program, workLimit: number): Outcome;
}

export function objectiveOf(program: Program, values: readonly number[]): number {
  return program.variables.reduce((sum, variable, i) => sum + variable.cost * values[i]!, 0);
}

const TOLERANCE = 1e-6;

/** Bounds, rows and integrality, checked independently of any solver. */
export function verify(program: Program, values: readonly number[]): boolean {
  const slack = (limit: number) => TOLERANCE * Math.max(1, Math.abs(limit));
  for (const [i, variable] of program.variables.entries()) {
    const x = values[i]!;
    if (
      !Number.isFinite(x) ||
      x < variable.lower - slack(variable.lower) ||
      x > variable.upper + slack(variable.upper)
    )
      return false;
    if (variable.integer && Math.abs(x - Math.round(x)) > TOLERANCE) return false;
  }
  return program.rows.every((row) => {
    const sum = row.terms.reduce((total, [i, coefficient]) => total + coefficient * values[i]!, 0);
    return sum >= row.lower - slack(row.lower) && sum <= row.upper + slack(row.upper);
  });
}
