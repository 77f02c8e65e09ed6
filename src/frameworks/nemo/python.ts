import { InputError } from '../../domain/input-error.ts';
import type { Made } from '../../foreign/python/value.ts';
import type { TrainingFlags } from '../../plan-text/training-text.ts';
import { MEGATRON_FILE_RULES } from '../megatron/file-rules.ts';
import { readRun } from '../megatron/reader.ts';
import { megatronRun } from '../megatron/run.ts';
import type { ReadFile, Source } from '../port/reader.ts';
import { adaptersOf } from './adapters.ts';
import { fieldOf, flagsOf } from './object-flags.ts';
import { isRun, objectsOf } from './objects.ts';
import { type Followed, follow } from './program.ts';
import type { Fields } from './recipe-calls.ts';

/** NeMo 2: a program that makes a recipe and changes it, followed and not run. Throws InputError where none, or which, cannot be told. */
export function programFile(source: Source): ReadFile {
  const objects = objectsOf(source.path);
  const followed = follow(source.statements(), objects);
  return recipeFile(objects.fields(meant(followed, source)), source);
}

/** The one that a part names, else the one that the program starts, else the only one there is. */
function meant(followed: Followed, { path, part }: Source): Made {
  const made = (name: string) => {
    const given = followed.call(name);
    return given !== null && isRun(given) ? given : null;
  };
  if (part !== undefined) {
    const chosen = made(part);
    if (chosen !== null) return chosen;
    throw new InputError({
      message: `${path} has no function "${part}" that gives a recipe`,
      expected: 'one by name',
    });
  }
  const { started, named, functions } = followed;
  const found = started.length > 0 ? started : named;
  const [first, second] = found;
  if (first !== undefined && second === undefined) return first;
  if (first !== undefined)
    throw new InputError({
      message: `${path} starts ${found.length} recipes: lines ${found.map(({ line }) => line).join(', ')}`,
      expected: 'one',
      hint: 'Maybe a function that gives one of them: FILE.py:name.',
      at: { file: path, line: first.line },
    });
  const givers = functions.filter(({ name }) => made(name) !== null);
  const [only, another] = givers;
  if (only !== undefined && another === undefined) return made(only.name)!;
  throw new InputError({
    message:
      only === undefined
        ? `${path} makes no recipe of NeMo`
        : `${path} has ${givers.length} recipes: ${givers.map(({ name }) => name).join(', ')}`,
    expected:
      only === undefined
        ? 'llm.….pretrain_recipe(…), llm.….finetune_recipe(…), run.Partial(llm.pretrain, …) or llm.train(…)'
        : 'one of them by name',
    ...(only === undefined ? {} : { hint: `Maybe ${path}:${only.name}.` }),
    at: { file: path, line: only?.line ?? 1 },
  });
}

/** Of a recipe, however it was written. */
export function recipeFile(fields: Fields, source: Source): ReadFile {
  const { path } = source;
  refuseOtherStrategy(fields, path);
  const training = adaptersOf(fields, path);
  const given = (name: string) => source.given?.(name);
  const run = megatronRun(flagsOf(fields, path, given), path, new Map(), true);
  const file = readRun(run, { rules: MEGATRON_FILE_RULES, nameOf: fieldOf });
  const [devices, nodes] = ['trainer.devices', 'trainer.num_nodes'].map(
    (name) => fields.get(name)?.value ?? 1,
  );
  const gpus = typeof devices === 'number' && typeof nodes === 'number' ? devices * nodes : null;
  return {
    ...file,
    // Adapters are none of Megatron-LM's own program.
    runtime: training === null ? 'megatron' : null,
    gpus: gpus !== null && gpus > 0 ? gpus : null,
    asked(count) {
      const asked = file.asked(count);
      return {
        ...asked,
        ...adapted(training),
        notes: [...(asked.notes ?? []), ...notesOf(fields)],
      };
    },
  };
}

const adapted = (training: TrainingFlags | null) =>
  training === null ? {} : { training, stack: 'megatron-core' };

function refuseOtherStrategy(fields: Fields, file: string): void {
  const type = fields.get('trainer.strategy@') ?? fields.get('trainer.strategy');
  if (type === undefined || type.value === 'MegatronStrategy') return;
  throw new InputError({
    message: `trainer.strategy is ${String(type.value)}`,
    expected: 'nl.MegatronStrategy',
    at: { file, line: type.line },
  });
}

/** What the recipe says and no plan does, and what is estimated in its place. */
function notesOf(fields: Fields): string[] {
  const has = (path: string) =>
    [...fields].some(([one, { value }]) => one.startsWith(path) && value !== null);
  const on = (path: string) => fields.get(path)?.value === true;
  return [
    ...(has('data.packed_sequence_specs')
      ? [
          'packed_sequence_specs: attention is counted over whole sequences, unless --packing says how long samples are',
        ]
      : []),
    ...(on('model.config.cpu_offloading')
      ? ['model.config.cpu_offloading: activations that it moves are not estimated']
      : []),
    ...(on('trainer.plugins.first_last_layers_bf16')
      ? ['first_last_layers_bf16: all layers are counted in fp8']
      : []),
  ];
}
