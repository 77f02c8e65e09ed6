import type { IntegerProgramCheck } from '../domain/search-result.ts';
import { javascriptLpSolver } from './ilp/javascript-lp-solver.ts';
import type { Program, Solver } from './ilp/program.ts';
import { classSeconds, type PipelineClass, type Shares } from './shares.ts';

/** Entries of the tableau: a tenth of a second or so. */
const WORK_LIMIT = 1e8;

/**
 * Asks an integer program for the deal of micro-batches that ends first: minimise T with (m_c − 1)·bottleneck_c + sum_c
 * at most T and Σ replicas_c · m_c = total. If it beats the deal we found, that is our bug.
 */
export function checkShares(
  classes: readonly PipelineClass[],
  total: number,
  shares: Shares,
  solver: Solver = javascriptLpSolver,
): IntegerProgramCheck {
  // Seconds in units of the deal found keep coefficients near one.
  const unit = shares.seconds;
  const end = classes.length;
  const program: Program = {
    variables: [
      ...classes.map((one, i) => ({
        name: `m${i}`,
        cost: 0,
        lower: 1,
        upper: Math.floor(total / one.replicas),
        integer: true,
      })),
      { name: 'T', cost: 1, lower: 0, upper: 2, integer: false },
    ],
    rows: [
      {
        name: 'total',
        terms: classes.map((one, i) => [i, one.replicas] as const),
        lower: total,
        upper: total,
      },
      ...classes.map((one, i) => ({
        name: `end${i}`,
        terms: [
          [i, one.bottleneckSeconds / unit],
          [end, -1],
        ] as const,
        lower: Number.NEGATIVE_INFINITY,
        upper: (one.bottleneckSeconds - one.sumSeconds) / unit,
      })),
    ],
  };
  const answer = solver.solve(program, WORK_LIMIT);
  const found =
    answer.values === null
      ? null
      : Math.max(...classes.map((one, i) => classSeconds(one, Math.round(answer.values![i]!))));
  if (found !== null && found < shares.seconds * (1 - 1e-6))
    throw new Error(
      `the integer program deals micro-batches in ${found} s where ours take ${shares.seconds} s`,
    );
  return {
    solver: solver.name,
    status: answer.status,
    objectiveSeconds: found,
    boundSeconds: answer.bound === null ? null : answer.bound * unit,
  };
}
