import lp from 'javascript-lp-solver';
import { type Outcome, objectiveOf, type Program, type Solver, verify } from './program.ts';

interface Answer {
  readonly feasible?: boolean;
  readonly [variable: string]: unknown;
}

interface Tableau {
  readonly width: number;
  readonly height: number;
  pivot(row: number, column: number): void;
}

interface Model {
  readonly tableau: Tableau;
  loadJson(json: unknown): Model;
}

interface Library {
  readonly Model: new () => Model;
  Solve(model: Model): Answer;
}

// The package's types name a default export that NodeNext resolves one level too deep.
const library = ((lp as unknown as { default?: Library }).default ?? lp) as unknown as Library;

class WorkDone extends Error {}

/**
 * javascript-lp-solver, with its known faults fenced off: presolve stays off (wrong answers), zero coefficients are
 * dropped, names are prefixed (a variable called `result` collides), lower bounds are shifted to zero, and an independent
 * check decides what the answer is worth. Its phase 1 can cycle for ever, where its own time-out is never asked, so each
 * pivot counts against a limit of work: the same answer on a slow machine as on a fast one.
 */
export const javascriptLpSolver: Solver = {
  name: 'javascript-lp-solver',
  solve(program, workLimit): Outcome {
    const answer = within(workLimit, new library.Model().loadJson(translate(program)));
    if (answer === null) return UNSOLVED;
    if (answer.feasible !== true) return { ...UNSOLVED, status: 'infeasible' };
    const values = program.variables.map((variable, i) => {
      const x = Number(answer[`v${i}`] ?? 0) + variable.lower;
      return variable.integer && Math.abs(x - Math.round(x)) < 1e-7 ? Math.round(x) : x;
    });
    if (!verify(program, values)) return UNSOLVED;
    const objective = objectiveOf(program, values);
    return { status: 'optimal', values, objective, bound: objective };
  },
};

const UNSOLVED: Outcome = { status: 'unsolved', values: null, objective: null, bound: null };

/** The answer to a model; null where its pivots would touch more than `workLimit` entries of the tableau. */
function within(workLimit: number, model: Model): Answer | null {
  const { tableau } = model;
  const pivot = tableau.pivot.bind(tableau);
  let work = 0;
  tableau.pivot = (row, column) => {
    work += tableau.width * tableau.height;
    if (work > workLimit) throw new WorkDone();
    pivot(row, column);
  };
  try {
    return library.Solve(model);
  } catch (error) {
    if (error instanceof WorkDone) return null;
    throw error;
  }
}

function translate(program: Program): unknown {
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
    options: { presolve: false, tolerance: 0 },
  };
}
