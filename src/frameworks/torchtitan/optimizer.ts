import { InputError } from '../../domain/input-error.ts';
import type { Problem } from '../../domain/problem.ts';
import { pythonText } from '../../foreign/python/print.ts';
import { isKind, type Value } from '../../foreign/python/value.ts';
import type { ExpressedOptimizers } from '../port/framework.ts';
import { classOf } from './made.ts';
import type { TitanRun } from './run.ts';

/**
 * AdamW with fp32 weights as their own masters, its moments in bf16 perhaps, or all in bf16
 * (torchtitan/components/optimizer/optimizer.py and config/configs.py@b5bcd76).
 */
export const TITAN_OPTIMIZERS: ExpressedOptimizers = {
  adamw: { master: ['fp32', 'none'], moments: ['fp32', 'bf16'], update: ['fused', 'foreach'] },
};

/** Lines of a recipe; none for AdamW as it is. */
export function optimizerLines({ workload: { optimizerOptions = {} } }: Problem): string[] {
  const { master, moments, update } = optimizerOptions;
  return [
    ...(master === 'none' ? ['    c.training.dtype = "bfloat16"'] : []),
    ...(moments === 'bf16' && master !== 'none'
      ? ['    c.optimizer.implementation = "fused_opt_states_bf16"']
      : []),
    ...(update === undefined || (moments === 'bf16' && master !== 'none')
      ? []
      : [`    c.optimizer.implementation = ${pythonText(update)}`]),
  ];
}

/** What a recipe says of its optimizer. Throws InputError where it names another than Adam and Muon. */
export function askedOptimizer(run: TitanRun): string | undefined {
  const names = [run.at('optimizer.name'), ...groupNames(run)].filter((name) => typeof name === 'string');
  const odd = names.find((name) => !['Adam', 'AdamW', 'DistMuon'].includes(name));
  if (odd !== undefined)
    throw new InputError({
      message: `the optimizer is ${odd}`,
      expected: 'Adam, AdamW or DistMuon',
      hint: 'Maybe --config with its degrees, and --optimizer with what has as many states.',
      at: { file: run.file, line: lineOf(run) },
    });
  const words = [
    names.includes('DistMuon') ? 'muon' : 'adamw',
    ...(run.at('training.dtype') === 'bfloat16' ? ['master=none'] : []),
    ...(run.at('optimizer.implementation') === 'fused_opt_states_bf16' && !names.includes('DistMuon')
      ? ['moments=bf16']
      : []),
    ...(run.at('optimizer.implementation') === 'foreach' && !names.includes('DistMuon')
      ? ['update=foreach']
      : []),
  ];
  return words.join() === 'adamw' ? undefined : words.join();
}

/** `optimizer_name` of each ParamGroupConfig. */
function groupNames(run: TitanRun): Value[] {
  const made = run.at('optimizer');
  const groups = run.at('optimizer.param_groups') ?? keyword(made, 'param_groups');
  return (Array.isArray(groups) ? groups : []).flatMap((group: Value) =>
    classOf(group) === 'ParamGroupConfig' ? [keyword(group, 'optimizer_name') ?? null] : [],
  );
}

function keyword(value: Value | undefined, name: string): Value | undefined {
  return isKind(value, 'made') ? value.keywords.get(name) : undefined;
}

function lineOf(run: TitanRun): number {
  return Math.max(...['optimizer', 'optimizer.name', 'optimizer.param_groups'].map((path) => run.line(path)));
}
