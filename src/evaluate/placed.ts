import { reordered } from '../domain/node-order.ts';
import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';

/** The problem with its nodes in the order that the plan asks for. */
export function placed(problem: Problem, { nodeOrder }: Plan): Problem {
  return nodeOrder === null ? problem : { ...problem, cluster: reordered(problem.cluster, nodeOrder) };
}
