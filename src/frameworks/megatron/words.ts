import type { Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { type Flag, flagsOf } from './flags.ts';
import { modelArguments } from './model-arguments.ts';
import { parallelArguments } from './parallel-arguments.ts';

/** The command line of Megatron-LM for model and plan, one word an entry. */
export function megatronWords(problem: Problem, plan: Plan): string[] {
  return [
    ...modelArguments(problem.model, problem.workload.sequenceLength),
    ...parallelArguments(problem, plan),
  ];
}

/** Those words as flags. */
export function megatronFlags(problem: Problem, plan: Plan): ReadonlyMap<string, Flag> {
  return flagsOf(megatronWords(problem, plan).map((text, i) => ({ text, line: i + 1 })));
}
