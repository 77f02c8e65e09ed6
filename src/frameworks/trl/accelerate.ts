import { InputError } from '../../domain/input-error.ts';
import { engineFrom } from '../hf-trainer/deepspeed-file.ts';
import { type Fsdp, fsdpEngine, PLAIN } from '../hf-trainer/fsdp.ts';
import type { Engine } from '../hf-trainer/run.ts';
import type { Located, Source } from '../port/reader.ts';
import { type Tree, treeOf } from '../reading/tree.ts';

/** How accelerate starts the script: its engine, processes in all and hosts. */
export interface Launched {
  readonly engine: Engine;
  readonly batch: number | null;
  readonly recompute: boolean;
  /** GPUs of all; null: not said. */
  readonly gpus: number | null;
  readonly dpReplicate: number;
  readonly tp: number;
  readonly cp: number;
}

/** The configuration that `--config_file` names under the arguments of `accelerate launch` (accelerate 1.15.0, commands/launch.py). */
export function launched(given: Located, source: Source): Launched {
  const words = treeOf(given, source.path, 'arguments of accelerate');
  const name = words.word('config_file') ?? words.word('config');
  const text = name === null ? null : (source.beside?.(name) ?? null);
  if (name !== null && text === null)
    throw new InputError({
      message: `accelerate's configuration "${name}" is not beside ${source.path}`,
      expected: 'that file in the same folder, or at that path under one above it',
      at: { file: source.path, line: 1 },
    });
  const file = treeOf(
    text === null ? { value: {}, locate: given.locate } : source.value(text),
    name ?? source.path,
    "accelerate's configuration",
  );
  const of = (key: string) => words.at(key) ?? file.at(key);
  const kind = String(of('distributed_type') ?? '').toUpperCase();
  const gpus = Number(of('num_processes') ?? Number.NaN);
  const machines = Number(of('num_machines') ?? 1);
  const axes = (axis: string) => Number(file.at(`parallelism_config.parallelism_config_${axis}_size`) ?? 1);
  const sizes = {
    gpus: Number.isInteger(gpus) && gpus > 0 ? gpus : null,
    ...{ tp: axes('tp'), cp: axes('cp') },
  };
  if (kind === 'DEEPSPEED' || of('use_deepspeed') === true) {
    const { batch, ...engine } = deepspeedOf(words, file, source);
    return { ...sizes, engine, batch, recompute: false, dpReplicate: 1 };
  }
  if (kind !== 'FSDP' && of('use_fsdp') !== true)
    return { ...sizes, engine: PLAIN, batch: null, recompute: false, dpReplicate: 1 };
  const { recompute, hybrid, ...engine } = fsdpOf(words, file);
  const replicate = hybrid ? machines : axes('dp_replicate');
  return { ...sizes, engine, batch: null, recompute, dpReplicate: replicate };
}

function fsdpOf(words: Tree, file: Tree): Fsdp {
  const own = Object.fromEntries(
    words
      .keys('')
      .filter((key) => key.startsWith('fsdp_'))
      .map((key) => [key, words.at(key)]),
  );
  const section = { ...(file.at('fsdp_config') as object | undefined), ...own };
  const tree = treeOf(
    { value: { fsdp_config: section }, locate: () => ({ file: file.file, line: file.line('fsdp_config') }) },
    file.file,
    "accelerate's configuration",
  );
  return fsdpEngine(tree, 'fsdp_config', []);
}

/** What its plugin makes of its keys (utils/dataclasses.py, DeepSpeedPlugin): ZeRO 2 where no stage is said. */
function deepspeedOf(words: Tree, file: Tree, source: Source) {
  const at = (key: string) => words.at(key) ?? file.at(`deepspeed_config.${key}`);
  const inside = at('deepspeed_config_file');
  if (typeof inside === 'string') {
    const text = source.beside?.(inside) ?? null;
    if (text === null)
      throw new InputError({
        message: `deepspeed_config_file "${inside}" is not beside ${source.path}`,
        expected: 'that file in the same folder, or at that path under one above it',
        at: { file: source.path, line: 1 },
      });
    return engineFrom(source.value(text).value, inside, source);
  }
  const device = (key: string) => {
    const where = at(key);
    return typeof where === 'string' && where !== 'none' ? { device: where } : undefined;
  };
  const settings = {
    zero_optimization: {
      stage: Number(at('zero_stage') ?? 2),
      offload_optimizer: device('offload_optimizer_device'),
      offload_param: device('offload_param_device'),
    },
    bf16: { enabled: 'auto' },
  };
  return engineFrom(settings, file.file, source);
}
