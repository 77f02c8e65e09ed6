import { InputError } from '../../domain/input-error.ts';
import type { FileRule } from '../reading/file-rule.ts';
import type { Flag } from './flags.ts';

/** What a Megatron-LM command line asks for, in numbers; null: not said. */
export interface MegatronRun {
  readonly file: string;
  readonly flags: ReadonlyMap<string, Flag>;
  /** Shell variables that the file gives a value. */
  readonly variables: ReadonlyMap<string, string>;
  /** Whether the file says all that the program is told. */
  readonly whole: boolean;
  /** Throws InputError where the flag has no whole number, or one below `least` (1). */
  count(name: string, least?: number): number | null;
  has(name: string): boolean;
  word(name: string): string | null;
  line(name: string): number;
}

export interface Sizes {
  readonly tp: number;
  readonly pp: number;
  readonly cp: number;
  readonly ep: number;
  readonly etp: number;
  /** Shards of the weights beside tensor parallelism (`--tensor-parallel-num-weight-shards`). */
  readonly shards: number;
  readonly gpus: number | null;
}

export type MegatronRule = FileRule<MegatronRun, Sizes>;

/** A run from its flags, wherever they stood: a script, overrides of Megatron-Bridge, Primus's YAML. */
export function megatronRun(
  flags: ReadonlyMap<string, Flag>,
  file: string,
  variables: ReadonlyMap<string, string> = new Map(),
  whole = false,
): MegatronRun {
  return {
    file,
    flags,
    variables,
    whole,
    word: (name) => flags.get(name)?.values[0] ?? null,
    has: (name) => flags.has(name),
    line: (name) => flags.get(name)?.line ?? 1,
    count(name, least = 1) {
      const flag = flags.get(name);
      if (flag === undefined) return null;
      const [value] = flag.values;
      if (value !== undefined && /^\d+$/.test(value) && Number(value) >= least) return Number(value);
      throw new InputError({
        message: `${name} is ${value === undefined ? 'without a value' : `"${value}"`}`,
        expected: least > 0 ? 'a whole number above zero' : 'a whole number',
        ...givenBy(value),
        at: { file, line: flag.line },
      });
    },
  };
}

/** How to say from outside what a script is given by who starts it. */
function givenBy(value: string | undefined): { readonly hint?: string } {
  const [, name] = /^\$\{?(\w+)/.exec(value ?? '') ?? [];
  if (name === undefined)
    return value?.startsWith('$') === true ? { hint: 'Maybe --set the variables that it is made of.' } : {};
  return {
    hint: /^\d+$/.test(name)
      ? 'Maybe the arguments of the script after --: -- 4 2.'
      : `Maybe --set ${name}=8, or --env to read the variables of this shell.`,
  };
}

export function sizesOf(run: MegatronRun, gpus: number | null): Sizes {
  const tp = run.count('--tensor-model-parallel-size') ?? 1;
  return {
    tp,
    pp: run.count('--pipeline-model-parallel-size') ?? 1,
    cp: run.count('--context-parallel-size') ?? 1,
    ep: run.count('--expert-model-parallel-size') ?? 1,
    // Megatron's default expert tensor parallelism is the tensor parallelism itself.
    etp: run.count('--expert-tensor-parallel-size') ?? tp,
    shards: run.count('--tensor-parallel-num-weight-shards') ?? 1,
    gpus,
  };
}

/** Experts of a layer; null: none, which 0 says too. */
export function expertsOf(run: MegatronRun): number | null {
  return run.count('--num-experts', 0) || null;
}

/** Data parallelism of so many GPUs; null where they do not divide, or are not known. */
export function dataParallel({ tp, pp, cp, shards, gpus }: Sizes): number | null {
  const each = tp * pp * cp * shards;
  return gpus === null || gpus % each !== 0 ? null : gpus / each;
}
