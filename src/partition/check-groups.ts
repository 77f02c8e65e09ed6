import type { IntegerProgramCheck } from '../domain/search-result.ts';
import { javascriptLpSolver } from './ilp/javascript-lp-solver.ts';
import type { Program, Row, Solver, Variable } from './ilp/program.ts';
import { mostLayers, objective, type PartitionStage } from './problem.ts';

/** Which node group serves which stage, and with how many layers: all stages of one tensor and data parallel size. */
export interface GroupChoice {
  readonly layers: number;
  readonly microBatches: number;
  /** The pipeline never drains. */
  readonly flows?: true;
  /** stages[s][g]: stage s were it on group g. One kind of layer. */
  readonly stages: readonly (readonly PartitionStage[])[];
  /** Most stages each group can hold. */
  readonly most: readonly number[];
}

/** Programs larger than this are not asked. */
const MOST_VARIABLES = 48;
/** Entries of the tableau: a few tenths of a second. */
const WORK_LIMIT = 2e8;

/**
 * Chooses groups and layers together, groups in any order and even alternating: minimise (m − 1)·T + Σ stage seconds + E, or m·T + E,
 * with one group a stage, x layers only on that group, every stage within T and its memory, its end within E. Its answer is a lower bound on
 * every chain of these groups; null when the program is too large.
 */
export function checkGroups(
  choice: GroupChoice,
  unitSeconds: number,
  solver: Solver = javascriptLpSolver,
): IntegerProgramCheck | null {
  const groups = choice.most.length;
  const depth = choice.stages.length;
  if (2 * groups * depth + 2 > MOST_VARIABLES) return null;
  const program = programOf(choice, unitSeconds);
  const answer = solver.solve(program, WORK_LIMIT);
  return {
    solver: solver.name,
    status: answer.status,
    objectiveSeconds: answer.values === null ? null : secondsOf(choice, answer.values),
    boundSeconds: answer.bound === null ? null : answer.bound * unitSeconds,
  };
}

function programOf({ layers, microBatches, flows, stages, most }: GroupChoice, unit: number): Program {
  const once = flows === true ? 0 : 1 / unit;
  const groups = most.length;
  const x = (s: number, g: number) => s * groups + g;
  const y = (s: number, g: number) => stages.length * groups + s * groups + g;
  const t = 2 * stages.length * groups;
  const e = t + 1;
  const variables: Variable[] = [];
  for (const stage of stages)
    for (const on of stage)
      variables.push({
        name: 'x',
        cost: on.secondsPerLayer[0]! * once,
        lower: 0,
        upper: layers,
        integer: true,
      });
  for (const stage of stages)
    for (const on of stage)
      variables.push({ name: 'y', cost: on.fixedSeconds * once, lower: 0, upper: 1, integer: true });
  variables.push({
    name: 'T',
    cost: flows === true ? microBatches : microBatches - 1,
    lower: 0,
    upper: Number.POSITIVE_INFINITY,
    integer: false,
  });
  variables.push({ name: 'E', cost: 1, lower: 0, upper: Number.POSITIVE_INFINITY, integer: false });
  const rows: Row[] = [
    {
      name: 'layers',
      terms: variables.slice(0, y(0, 0)).map((_, i) => [i, 1]),
      lower: layers,
      upper: layers,
    },
    ...most.map(
      (n, g): Row => ({
        name: `most${g}`,
        terms: stages.map((_, s) => [y(s, g), 1]),
        lower: 0,
        upper: n,
      }),
    ),
  ];
  for (const [s, stage] of stages.entries()) {
    rows.push({ name: `one${s}`, terms: stage.map((_, g) => [y(s, g), 1]), lower: 1, upper: 1 });
    rows.push({ name: `some${s}`, terms: stage.map((_, g) => [x(s, g), 1]), lower: 1, upper: layers });
    rows.push({
      name: `time${s}`,
      terms: [
        ...stage.map((on, g) => [x(s, g), on.secondsPerLayer[0]! / unit] as const),
        ...stage.map((on, g) => [y(s, g), on.fixedSeconds / unit] as const),
        [t, -1],
      ],
      lower: Number.NEGATIVE_INFINITY,
      upper: 0,
    });
    rows.push({
      name: `end${s}`,
      terms: [
        ...stage.map((on, g) => [x(s, g), on.endPerLayer[0]! / unit] as const),
        ...stage.map((on, g) => [y(s, g), on.endFixed / unit] as const),
        [e, -1],
      ],
      lower: Number.NEGATIVE_INFINITY,
      upper: 0,
    });
    for (const [g, on] of stage.entries()) {
      rows.push({
        name: `room${s}.${g}`,
        terms: [
          [x(s, g), 1],
          [y(s, g), -mostLayers(on)],
        ],
        lower: Number.NEGATIVE_INFINITY,
        upper: 0,
      });
    }
  }
  return { variables, rows };
}

function secondsOf({ microBatches, flows, stages, most }: GroupChoice, values: readonly number[]): number {
  const groups = most.length;
  let bottleneck = 0;
  let sum = 0;
  let last = 0;
  for (const [s, stage] of stages.entries()) {
    let seconds = 0;
    let end = 0;
    for (const [g, on] of stage.entries()) {
      const layers = Math.round(values[s * groups + g]!);
      const serves = Math.round(values[stages.length * groups + s * groups + g]!);
      seconds += layers * on.secondsPerLayer[0]! + serves * on.fixedSeconds;
      end += layers * on.endPerLayer[0]! + serves * on.endFixed;
    }
    bottleneck = Math.max(bottleneck, seconds);
    last = Math.max(last, end);
    sum += seconds;
  }
  return objective(bottleneck, flows === true ? bottleneck : sum, last, microBatches);
}
