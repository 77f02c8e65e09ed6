import { InputError } from '../../domain/input-error.ts';
import { MEGATRON_FILE_RULES } from '../megatron/file-rules.ts';
import { readRun } from '../megatron/reader.ts';
import { megatronRun } from '../megatron/run.ts';
import type { LaunchReader, Located, ReadFile, Source } from '../port/reader.ts';
import { hydraWords } from '../reading/flag-words.ts';
import { laidOver } from '../reading/sections.ts';
import { type Tree, treeOf } from '../reading/tree.ts';
import { readWays } from '../reading/ways.ts';
import { commandLineFile, startsRecipe } from './command-line.ts';
import { flagsFrom } from './flags.ts';
import { trainedBy } from './peft.ts';
import { programFile } from './python.ts';

const OVERRIDE = /^\+{0,2}(?:model|trainer|exp_manager)\.[\w.]+=/;
type Mapping = Readonly<Record<string, unknown>>;

export const nemoReader: LaunchReader = {
  file: 'nemo.yaml',
  rules: MEGATRON_FILE_RULES,
  read(source) {
    if (/\.(ya?ml|json)$/i.test(source.path)) return fileOf(source, source.value());
    if (/\.py$/i.test(source.path)) return programFile(source);
    if (startsRecipe(source)) return commandLineFile(source);
    const base = configuration(source);
    const found = source.words((word) => OVERRIDE.test(word));
    return readWays(source, found, ({ words }) => {
      const own = hydraWords(words, source.path);
      return fileOf(source, { value: laidOver(base, own.value as Mapping), locate: own.locate });
    });
  },
};

/** `--config-name` beside the script: what its overrides stand over. */
function configuration(source: Source): Mapping {
  const [, name] = /--config-name[=\s]+['"]?([\w./-]+)/.exec(source.text) ?? [];
  const file = name === undefined ? undefined : /\.ya?ml$/.test(name) ? name : `${name}.yaml`;
  const text = file === undefined ? null : (source.beside?.(file) ?? null);
  if (text !== null) return source.value(text).value as Mapping;
  throw new InputError({
    message:
      file === undefined
        ? `${source.path} names no --config-name`
        : `its configuration ${file} is not beside ${source.path}`,
    expected: 'the YAML that its overrides stand over, in the same folder',
    at: { file: source.path, line: 1 },
  });
}

function fileOf(source: Source, located: Located): ReadFile {
  const value = interpolated(located.value);
  const tree = treeOf({ ...located, value }, source.path, "NeMo's configuration");
  if (!tree.has('model') || !tree.has('trainer'))
    throw new InputError({
      message: `${source.path} has no model and trainer`,
      expected: "NeMo's configuration",
      at: { file: source.path, line: 1 },
    });
  const training = trainedBy(tree);
  const nameOf = (flag: string) => `model.${flag.slice(2).replaceAll('-', '_')}`;
  const run = megatronRun(flagsFrom(tree), source.path, new Map(), true);
  const file = readRun(run, { rules: MEGATRON_FILE_RULES, nameOf });
  const [devices, nodes] = [tree.at('trainer.devices'), tree.at('trainer.num_nodes')].map(Number) as [
    number,
    number,
  ];
  const gpus = devices * nodes;
  return {
    ...file,
    // Adapters are none of Megatron-LM's own program.
    runtime: training === null ? 'megatron' : null,
    gpus: Number.isInteger(gpus) && gpus > 0 ? gpus : null,
    asked(given) {
      const asked = file.asked(given);
      return {
        ...asked,
        ...(training === null ? {} : { training, stack: 'megatron-core' }),
        notes: [...(asked.notes ?? []), ...notesOf(tree)],
      };
    },
  };
}

function notesOf(tree: Tree): string[] {
  const mixed = String(tree.at('trainer.precision') ?? '').match(/16/) !== null;
  return [
    ...(mixed && tree.at('model.megatron_amp_O2') !== true
      ? [
          'megatron_amp_O2 false: weights are in fp32, and cast for each product; estimated with 16-bit weights beside fp32 masters',
        ]
      : []),
    ...(tree.isTrue('model.cpu_offloading')
      ? ['cpu_offloading: activations that it moves are not estimated']
      : []),
    ...(tree.at('model.use_flash_attention') === false && tree.at('model.transformer_engine') !== true
      ? ['use_flash_attention false: estimated with a fused kernel, which needs less memory']
      : []),
  ];
}

/** `${model.encoder_seq_length}` and `${.key}` of OmegaConf, of plain values; others stay as they are. */
function interpolated(root: unknown): unknown {
  const at = (path: readonly string[]) =>
    path.reduce<unknown>((found, key) => (found as Mapping | null | undefined)?.[key], root);
  const walk = (one: unknown, around: readonly string[]): unknown => {
    if (typeof one === 'string') {
      const [, path] = /^\$\{(\.?[\w.]+)\}$/.exec(one) ?? [];
      if (path === undefined) return one;
      const found = at(path.startsWith('.') ? [...around, ...path.slice(1).split('.')] : path.split('.'));
      return typeof found === 'object' || found === undefined ? null : found;
    }
    if (Array.isArray(one)) return one.map((inner) => walk(inner, around));
    if (typeof one !== 'object' || one === null) return one;
    return Object.fromEntries(
      Object.entries(one).map(([key, inner]) => [
        key,
        walk(inner, typeof inner === 'object' && inner !== null ? [...around, key] : around),
      ]),
    );
  };
  return walk(root, []);
}
