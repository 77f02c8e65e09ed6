import lp from 'javascript-lp-solver';
import { type Outcome, objectiveOf, type Program, type Solver, verify } from './program.ts';

interface Answer {
  readonly feasible?: boolean;
  readonly [variable: string]: unknown;
}

interface Library {
  Solve(model: unknown): Answer;
}

// The package's types name a default export that NodeNext resolves one level too deep.
const library = ((lp as unknown as { default?: Library }).default ?? lp) as unknown as Library;

/**
 * javascript-lp-solver, with its known faults fenced off: presolve stays off (wrong answers), zero coefficients are
 * dropped, names are prefixed (a variable called `result` collides), lower bounds are shifted to zero, and since a
 * time-out still says `feasible`, the clock and an independent check decide what the answer is worth.
 */
export const javascriptLpSolver: Solver = {
  name: 'javascript-lp-solver',
  solve(program, timeLimitMs): Outcome {
    const started = performance.now();
    const answer = library.Solve(translate(program, timeLimitMs));
    const late = performance.now() - started >= timeLimitMs;
    if (answer.feasible !== true)
      return { status: late ? 'timeout' : 'infeasible', values: null, objective: null, bound: null };
    const values = program.variables.map((variable, i) => {
      const x = Number(answer[`v${i}`] ?? 0) + variable.lower;
      return variable.integer && Math.abs(x - Math.round(x)) < 1e-7 ? Math.round(x) : x;
    });
    if (!verify(program, values)) return { status: 'timeout', values: null, objective: null, bound: null };
    const objective = objectiveOf(program, values);
    return late
      ? { status: 'feasible', values, objective, bound: null }
      : { status: 'optimal', values, objective, bound: objective };
  },
};

function translate(program: Program, timeLimitMs: number): unknown {
  const constraints: Record<string, { min?: number; max?: number; equal?: number }> = {};
  const variables: Record<string, Record<string, number>> = {};
  const ints: Record<string, 1> = {};
  for (const [i, variable] of program.variables.entries()) {
    const column: Record<string, number> = variable.cost === 0 ? {} : { cost: variable.cost };
    if (Number.isFinite(variable.upper)) {
      column[`u${i}`] = 1;
      constraints[`u${i}`] = { max: variable.upper - variable.lower };
    }
    if (variable.integer) ints[`v${i}`] = 1;
    variables[`v${i}`] = column;
  }
  for (const [r, row] of program.rows.entries()) {
    let shift = 0;
    for (const [i, coefficient] of row.terms) {
      if (coefficient === 0) continue;
      variables[`v${i}`]![`r${r}`] = coefficient;
      shift += coefficient * program.variables[i]!.lower;
    }
    constraints[`r${r}`] =
      row.lower === row.upper
        ? { equal: row.lower - shift }
        : {
            ...(Number.isFinite(row.lower) ? { min: row.lower - shift } : {}),
            ...(Number.isFinite(row.upper) ? { max: row.upper - shift } : {}),
          };
  }
  return {
    optimize: 'cost',
    opType: 'min',
    constraints,
    variables,
    ints,
    options: { timeout: timeLimitMs, presolve: false, tolerance: 0 },
  };
}
