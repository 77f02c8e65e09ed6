import { InputError } from '../../domain/input-error.ts';
import { type MegatronRun, megatronRun } from '../megatron/run.ts';

export const STAGES = '--hetero-pipeline-stages';
export const TYPES = '--hetero-device-types';

/** Layers of the stages of one type. */
export interface TypeSplit {
  readonly stages: number;
  readonly layers: readonly number[];
}

/** `n0 l l … n1 l …`: for each type its stages, then the layers of each. Throws InputError where one is no whole number. */
export function splitOf(run: MegatronRun): TypeSplit[] {
  const numbers = (run.flags.get(STAGES)?.values ?? []).map((text) => {
    const number = Number(text);
    if (Number.isInteger(number) && number > 0) return number;
    throw new InputError({
      message: `${text} in ${STAGES}`,
      expected: 'whole numbers above zero',
      at: { file: run.file, line: run.line(STAGES) },
    });
  });
  const found: TypeSplit[] = [];
  for (let at = 0; at < numbers.length; at += numbers[at]! + 1)
    found.push({ stages: numbers[at]!, layers: numbers.slice(at + 1, at + 1 + numbers[at]!) });
  return found;
}

export const layersIn = (split: readonly TypeSplit[]): number[] => split.flatMap(({ layers }) => layers);

/** The run with its split as a layout of Megatron-LM's. */
export function withLayout(run: MegatronRun): MegatronRun {
  const layers = layersIn(splitOf(run));
  if (layers.length < 2) return run;
  const last = layers.length - 1;
  const text = layers.map((n, i) => `${i === 0 ? 'E' : ''}t*${n}${i === last ? 'L' : ''}`).join('|');
  const name = '--pipeline-model-parallel-layout';
  const flags = new Map([...run.flags, [name, { name, values: [text], line: run.line(STAGES) }] as const]);
  return megatronRun(flags, run.file, run.variables, run.whole);
}
