import { InputError } from '../../domain/input-error.ts';
import { isKind, type Made, type Value } from '../../foreign/python/value.ts';
import type { Located } from '../port/reader.ts';
import type { Assigned } from './assignments.ts';

/**
 * Keys of torchtitan's TOML, as it was until February 2026 (#2386), under the names of its last version
 * (config/job_config.py@cbdb31131, config_manager.py@eef8bb2b1 of September 2024 and @bfbff6f57 of February 2025).
 */
const RENAMED: Readonly<Record<string, string>> = {
  'training.batch_size': 'training.local_batch_size',
  'training.data_parallel_degree': 'parallelism.data_parallel_shard_degree',
  'training.compile': 'compile.enable',
  'experimental.enable_async_tensor_parallel': 'parallelism.enable_async_tensor_parallel',
  'checkpoint.enable_checkpoint': 'checkpoint.enable',
};
/** Keys that moved to the section `parallelism`. */
const MOVED =
  /^(?:training|experimental)\.((?:data|tensor|pipeline|context|expert)_(?:tensor_)?parallel_\w+|fsdp_\w+|disable_loss_parallel|\w*loss_parallel)$/;

/** Of 2024; later ones are those of torch.distributed.pipelining, upper and lower case alike. */
const SCHEDULES: Readonly<Record<string, string>> = {
  '1f1b': '1F1B',
  gpipe: 'GPipe',
  interleaved_1f1b: 'Interleaved1F1B',
  interleaved1f1b: 'Interleaved1F1B',
  loopedbfs: 'LoopedBFS',
  interleavedzerobubble: 'InterleavedZeroBubble',
  zbvzerobubble: 'ZBVZeroBubble',
};

/** What it leaves out: the defaults of its dataclasses, and no CUDA graphs, which came later. */
const DEFAULTS: Readonly<Record<string, Value>> = {
  'training.local_batch_size': 8,
  'training.seq_len': 2048,
  'training.disable_cuda_graphs': true,
};
const CHECKPOINT = { mode: 'selective', selective_ac_option: '2' } as const;

const SECTION = 'activation_checkpoint';
const SCHEDULE = 'parallelism.pipeline_parallel_schedule';
const COUNT = 'parallelism.pipeline_parallel_microbatches';
const KNOWN = ['training', 'parallelism', 'experimental', 'model', SECTION];

/** A job in TOML as the fields that a recipe of today assigns. Throws InputError where it is none of torchtitan. */
export function jobFields({ value, locate }: Located, file: string): Map<string, Assigned> {
  const sections = Object.entries(value as Readonly<Record<string, unknown>>);
  if (!sections.some(([name]) => KNOWN.includes(name)))
    throw new InputError({
      message: `${file} has none of [${KNOWN.join('], [')}]`,
      expected: 'a job of torchtitan in TOML',
      at: { file, line: 1 },
    });
  const fields = new Map<string, Assigned>(
    Object.entries(DEFAULTS).map(([path, one]) => [path, { value: one, line: 1 }]),
  );
  const checkpoint = new Map<string, Value>(Object.entries(CHECKPOINT));
  for (const [section, table] of sections) {
    if (typeof table !== 'object' || table === null) continue;
    for (const [key, given] of flattened(table as Readonly<Record<string, unknown>>)) {
      const line = locate(`/${section}/${key.replaceAll('.', '/')}`).line ?? 1;
      const own = `${section}.${key}`;
      if (section === SECTION) checkpoint.set(key, given as Value);
      const path = RENAMED[own] ?? own.replace(MOVED, 'parallelism.$1');
      fields.set(path, { value: renamedValue(path, given as Value), line });
    }
  }
  // The first versions cut the batch into as many micro-batches as there are stages.
  if (has(value, 'training', 'batch_size') && !fields.has(COUNT)) {
    const stages = fields.get('parallelism.pipeline_parallel_degree') ?? { value: 1, line: 1 };
    fields.set(COUNT, stages);
  }
  fields.set(SECTION, { value: made(checkpoint), line: locate(`/${SECTION}/mode`).line ?? 1 });
  return fields;
}

/** Fields of a command line under the names of today; those of recomputation over what the job has of it. */
export function fieldsNamed(
  given: ReadonlyMap<string, Assigned>,
  under: ReadonlyMap<string, Assigned>,
): Map<string, Assigned> {
  const fields = new Map<string, Assigned>();
  const before = under.get(SECTION)?.value;
  const checkpoint = new Map(isKind(before, 'made') ? before.keywords : []);
  for (const [own, { value, line }] of given) {
    const path = RENAMED[own] ?? own.replace(MOVED, 'parallelism.$1');
    if (path.startsWith(`${SECTION}.`)) {
      checkpoint.set(path.slice(SECTION.length + 1), typeof value === 'number' ? String(value) : value);
      fields.set(SECTION, { value: made(checkpoint), line });
    } else fields.set(path, { value: renamedValue(path, value), line });
  }
  return fields;
}

function renamedValue(path: string, value: Value): Value {
  return path === SCHEDULE && typeof value === 'string' ? (SCHEDULES[value.toLowerCase()] ?? value) : value;
}

/** The section as Python made it between TOML and classes: `ActivationCheckpointConfig(mode=…)`. */
function made(keywords: ReadonlyMap<string, Value>): Made {
  const name = 'ActivationCheckpointConfig';
  const by = { kind: 'named', name, module: null } as const;
  return { kind: 'made', by, args: [], keywords, open: false, text: `${name}(…)`, line: 1 };
}

function has(value: unknown, section: string, key: string): boolean {
  const table = (value as Readonly<Record<string, unknown>>)[section];
  return typeof table === 'object' && table !== null && key in table;
}

/** Keys of a table and of those in it, dotted. */
function flattened(table: Readonly<Record<string, unknown>>): [key: string, value: unknown][] {
  return Object.entries(table).flatMap(([key, one]): [string, unknown][] =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? flattened(one as Readonly<Record<string, unknown>>).map(([inner, value]) => [
          `${key}.${inner}`,
          value,
        ])
      : [[key, one]],
  );
}
