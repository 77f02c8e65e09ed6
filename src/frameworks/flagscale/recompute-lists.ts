import { InputError } from '../../domain/input-error.ts';
import type { Flag } from '../megatron/flags.ts';
import { type MegatronRun, megatronRun } from '../megatron/run.ts';

const LISTS = ['granularity', 'method', 'num-layers'] as const;
type List = (typeof LISTS)[number];

export const flagOf = (list: List): string => `--recompute-${list}-per-stage-micro-batch`;

/** Values of the micro-batches of so many stages: `[stages, n0, v0, n1, v1, …]`. */
export interface StageList {
  readonly stages: number;
  readonly runs: readonly { readonly microBatches: number; readonly value: number }[];
}

/** The sub-lists of one of the three flags; null where it is not said. Throws InputError where one is none. */
export function stageLists(run: MegatronRun, list: List): StageList[] | null {
  const flag = run.flags.get(flagOf(list));
  if (flag === undefined) return null;
  return flag.values.map((text) => {
    const [stages, ...rest] = text
      .replaceAll(/[[\]\s]/g, '')
      .split(',')
      .map(Number);
    const whole = stages !== undefined && stages > 0 && rest.length > 0 && rest.length % 2 === 0;
    if (!whole || ![stages, ...rest].every((n) => Number.isInteger(n) && n >= 0))
      throw new InputError({
        message: `[${text}] in ${flagOf(list)}`,
        expected: 'stages, then pairs of micro-batches and a value, such as [2, 32, 1]',
        at: { file: run.file, line: flag.line },
      });
    const runs = Array.from({ length: rest.length / 2 }, (_, i) => ({
      microBatches: rest[2 * i]!,
      value: rest[2 * i + 1]!,
    }));
    return { stages, runs };
  });
}

/**
 * The run with one recomputation for all stages where its lists say no more than that. Throws InputError where stages or
 * micro-batches differ: no plan says it.
 */
export function withOneRecomputation(run: MegatronRun): MegatronRun {
  const [granularity, method, layers] = LISTS.map((list) => onlyValue(run, list));
  if (granularity === 0) {
    const others = [...run.flags].filter(([name]) => !name.startsWith('--recompute'));
    return megatronRun(new Map(others), run.file);
  }
  const set = (name: string, value: string): [string, Flag] => [
    name,
    { name, values: [value], line: run.line(name) },
  ];
  return megatronRun(
    new Map([
      ...run.flags,
      ...(method == null ? [] : [set('--recompute-method', method === 0 ? 'uniform' : 'block')]),
      ...(layers == null ? [] : [set('--recompute-num-layers', String(layers))]),
    ]),
    run.file,
  );
}

function onlyValue(run: MegatronRun, list: List): number | null {
  const values = new Set(stageLists(run, list)?.flatMap(({ runs }) => runs.map(({ value }) => value)));
  if (values.size <= 1) return [...values][0] ?? null;
  throw new InputError({
    message: `${flagOf(list)} differs between stages or micro-batches`,
    expected: 'the same for all, which is what a plan can say',
    hint: 'Maybe drop the list, for an estimate of the rest.',
    at: { file: run.file, line: run.line(flagOf(list)) },
  });
}
