import { layersOf, type Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { type Flag, flagsOf } from '../megatron/flags.ts';
import { megatronWords } from '../megatron/words.ts';
import { networkRuns } from './networks.ts';

/** What its Megatron-LM of 2024 has not, or has only for models of Megatron Core, which do not read its split. */
const UNKNOWN: ReadonlySet<string> = new Set([
  '--pipeline-model-parallel-layout',
  '--overlap-param-gather',
  '--recompute-modules',
  '--cross-entropy-loss-fusion',
  '--cross-entropy-fusion-impl',
]);

/** The command line, one word an entry, but for the type of the host. */
export function holmesWords(problem: Problem, plan: Plan): string[] {
  const flags = flagsOf(megatronWords(problem, plan).map((text, i) => ({ text, line: i + 1 })));
  const kept = [...flags.values()].filter(({ name }) => !UNKNOWN.has(name));
  const runs = networkRuns(problem.cluster, plan);
  const { stages } = plan.pipelines[0]!;
  const split = runs.flatMap(({ first, end }) => [end - first, ...stages.slice(first, end).map(layersOf)]);
  return [
    ...kept.flatMap(({ name, values }: Flag) => [name, ...values]),
    '--use-flash-attn',
    ...['--use-hetnet', '--hetero-mode', 'pp'],
    ...['--hetero-device-types', ...runs.map(({ type }) => type)],
    ...['--hetero-pipeline-stages', ...split.map(String)],
  ];
}
