import type { Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { type Flag, flagsOf } from './flags.ts';
import { hybridArguments, isHybrid } from './hybrid-layers.ts';
import { modelArguments } from './model-arguments.ts';
import { parallelArguments } from './parallel-arguments.ts';

/** The command line of Megatron-LM for model and plan, one word an entry. */
export function megatronWords(problem: Problem, plan: Plan): string[] {
  return [...sizeArguments(problem, plan), ...parallelArguments(problem, plan)];
}

function sizeArguments(problem: Problem, plan: Plan): string[] {
  return isHybrid(problem.model)
    ? hybridArguments(problem, plan)
    : modelArguments(problem.model, problem.workload.sequenceLength);
}

/** Those words as flags. */
export function megatronFlags(problem: Problem, plan: Plan): ReadonlyMap<string, Flag> {
  return flagsIn(megatronWords(problem, plan));
}

/** What of a model that something else builds is said again: whoever reads the file sees which it is. */
const SIZES: readonly string[] = [
  ...['--num-layers', '--hidden-size', '--num-attention-heads', '--num-query-groups'],
  ...['--num-experts', '--moe-router-topk', '--seq-length', '--kv-channels', '--multi-latent-attention'],
  ...['--moe-grouped-gemm', '--moe-shared-expert-intermediate-size', '--hybrid-layer-pattern'],
];

/** Those of the plan, and the sizes of the model. */
export function parallelFlags(problem: Problem, plan: Plan): ReadonlyMap<string, Flag> {
  const sizes = [...flagsIn(sizeArguments(problem, plan))].filter(([name]) => SIZES.includes(name));
  return new Map([...sizes, ...flagsIn(parallelArguments(problem, plan))]);
}

function flagsIn(words: readonly string[]): ReadonlyMap<string, Flag> {
  return flagsOf(words.map((text, i) => ({ text, line: i + 1 })));
}
