import type { PartitionProof } from '../domain/search-result.ts';
import { javascriptLpSolver } from './ilp/javascript-lp-solver.ts';
import type { Outcome, Program, Row, Solver, Variable } from './ilp/program.ts';
import { memoryRows } from './memory-rows.ts';
import { type Cut, mostLayers, objective, type PartitionProblem } from './problem.ts';

/** Programs larger than this are left to the exact method alone. */
const MOST_VARIABLES = 400;
/** Entries of the tableau: a few tenths of a second. */
const WORK_LIMIT = 2e8;

/**
 * Asks an integer program whether any cut whose stages are as fast, and end the step as soon, has a smaller sum; where a pipeline never
 * drains, whether any has faster ones. Its answer is verified; if it beats the exact method, that is our bug.
 */
export function checkCut(
  problem: PartitionProblem,
  cut: Cut,
  solver: Solver = javascriptLpSolver,
): Pick<PartitionProof, 'method' | 'objectiveSeconds' | 'check'> {
  const proof = { method: 'dynamic-programming', objectiveSeconds: cut.objectiveSeconds } as const;
  const program = fixedBottleneckProgram(problem, cut);
  if (program === null || program.variables.length > MOST_VARIABLES) return { ...proof, check: null };
  const answer = solver.solve(program, WORK_LIMIT);
  if (problem.flows === true) return { ...proof, check: { ...noneFaster(cut, answer), solver: solver.name } };
  const of = (sum: number | null) =>
    sum === null ? null : objective(cut.bottleneckSeconds, sum / MILLI, cut.endSeconds, problem.microBatches);
  const found = of(answer.objective);
  if (found !== null && found < cut.objectiveSeconds * (1 - 1e-6)) {
    throw new Error(`the integer program found ${found} s where the exact cut has ${cut.objectiveSeconds} s`);
  }
  return {
    ...proof,
    check: {
      solver: solver.name,
      status: answer.status,
      objectiveSeconds: found,
      boundSeconds: of(answer.bound),
    },
  };
}

/** Of faster stages than the cut's: there must be none. */
function noneFaster({ bottleneckSeconds, objectiveSeconds }: Cut, { status }: Outcome) {
  if (status === 'optimal' || status === 'feasible')
    throw new Error(
      `the integer program found stages below ${bottleneckSeconds} s where the exact cut has none`,
    );
  // That there is none is the proof.
  return status === 'infeasible'
    ? ({ status: 'optimal', objectiveSeconds, boundSeconds: objectiveSeconds } as const)
    : { status, objectiveSeconds: null, boundSeconds: null };
}

/** Milliseconds keep coefficients near one, where the solver's absolute tolerances are safe. */
const MILLI = 1000;

/**
 * Layers x[s][r] of run r (maximal runs of one kind) on stage s; z[s][r] says run r is finished by stage s, so run
 * r + 1 may have begun. Minimise the summed stage time with every stage at most T, its end at most the cut's, and within memory; null where memory
 * is no inequality of these.
 */
function fixedBottleneckProgram(
  { layerKinds, stages, flows }: PartitionProblem,
  { bottleneckSeconds, endSeconds }: Cut,
): Program | null {
  const limit = bottleneckSeconds * (flows === true ? 1 - 1e-6 : 1 + 1e-9);
  // What a cut passes is no sum over layers.
  if (stages.some(({ passing }) => passing !== null)) return null;
  const runs = runsOf(layerKinds);
  const alike = new Set(layerKinds).size === 1;
  const variables: Variable[] = [];
  const rows: Row[] = [];
  const x = (s: number, r: number) => s * runs.length + r;
  const zBase = stages.length * runs.length;
  const z = (s: number, r: number) => zBase + s * (runs.length - 1) + r;
  for (const [s, stage] of stages.entries()) {
    for (const [r, run] of runs.entries()) {
      const cost = MILLI * stage.secondsPerLayer[run.kind]!;
      // Of one kind, memory is a number of layers.
      const upper = alike ? Math.min(run.count, mostLayers(stage)) : run.count;
      variables.push({ name: `x${s}.${r}`, cost, lower: 0, upper, integer: true });
    }
  }
  for (const [s] of stages.entries()) {
    for (let r = 0; r < runs.length - 1; r++)
      variables.push({ name: `z${s}.${r}`, cost: 0, lower: 0, upper: 1, integer: true });
  }
  // The fixed seconds of all stages, as the cost of a variable held at one.
  const fixed = stages.reduce((sum, stage) => sum + stage.fixedSeconds, 0);
  variables.push({ name: 'fixed', cost: MILLI * fixed, lower: 1, upper: 1, integer: false });
  for (const [s, stage] of stages.entries()) {
    const all = runs.map((run, r) => ({ r, kind: run.kind }));
    rows.push({
      name: `time${s}`,
      terms: all.map(({ r, kind }) => [x(s, r), MILLI * stage.secondsPerLayer[kind]!]),
      lower: Number.NEGATIVE_INFINITY,
      upper: MILLI * (limit - stage.fixedSeconds),
    });
    rows.push({
      name: `end${s}`,
      terms: all.map(({ r, kind }) => [x(s, r), MILLI * stage.endPerLayer[kind]!]),
      lower: Number.NEGATIVE_INFINITY,
      upper: MILLI * (endSeconds * (1 + 1e-9) - stage.endFixed),
    });
    rows.push({
      name: `some${s}`,
      terms: all.map(({ r }) => [x(s, r), 1]),
      lower: 1,
      upper: Number.POSITIVE_INFINITY,
    });
  }
  for (const [r, run] of runs.entries()) {
    rows.push({
      name: `run${r}`,
      terms: stages.map((_, s) => [x(s, r), 1]),
      lower: run.count,
      upper: run.count,
    });
    if (r === runs.length - 1) continue;
    for (const [s] of stages.entries()) {
      const done: [number, number][] = Array.from({ length: s + 1 }, (_, q) => [x(q, r), 1]);
      rows.push({
        name: `done${s}.${r}`,
        terms: [...done, [z(s, r), -run.count]],
        lower: 0,
        upper: Number.POSITIVE_INFINITY,
      });
      const begun: [number, number][] = Array.from({ length: s + 1 }, (_, q) => [x(q, r + 1), 1]);
      rows.push({
        name: `begun${s}.${r}`,
        terms: [...begun, [z(s, r), -runs[r + 1]!.count]],
        lower: Number.NEGATIVE_INFINITY,
        upper: 0,
      });
    }
  }
  if (alike) return { variables, rows };
  const memory = memoryRows(stages, runs, x, variables.length);
  return memory === null
    ? null
    : { variables: [...variables, ...memory.variables], rows: [...rows, ...memory.rows] };
}

function runsOf(kinds: readonly number[]): { kind: number; count: number }[] {
  const runs: { kind: number; count: number }[] = [];
  for (const kind of kinds) {
    const last = runs.at(-1);
    if (last !== undefined && last.kind === kind) last.count += 1;
    else runs.push({ kind, count: 1 });
  }
  return runs;
}
