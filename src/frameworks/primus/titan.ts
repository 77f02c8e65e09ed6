import type { Located, ReadFile, Source } from '../port/reader.ts';
import { refuseUnreadable } from '../port/unreadable.ts';
import { laidOver } from '../reading/sections.ts';
import { TITAN_FILE_RULES } from '../torchtitan/file-rules.ts';
import { jobFields } from '../torchtitan/job-file.ts';
import { titanFile } from '../torchtitan/reader.ts';
import { titanRun } from '../torchtitan/run.ts';
import type { Keys } from './bases.ts';
import { resolved } from './variables.ts';

/** `primus/configs/modules/torchtitan/pre_trainer.yaml`@fd1eeab, as far as it is read. */
const PRE_TRAINER: Keys = {
  training: { local_batch_size: 8, global_batch_size: -1, seq_len: 2048, enable_cpu_offload: false },
  activation_checkpoint: { mode: 'none', selective_ac_option: '2' },
  compile: { enable: true, components: ['model', 'loss'] },
  optimizer: { name: 'AdamW', early_step_in_backward: false },
};

/** `primus/configs/models/torchtitan/llama3.1_70B-fp8.yaml`: family, flavor, and whether linear layers are in fp8. */
const MODEL = /^(llama3(?:\.\d)?|llama4|qwen3|gpt_oss|deepseek_v3)_(.+?)(-fp8)?\.ya?ml$/;
/** Families whose flavors are written in lower case. */
const LOWER = ['gpt_oss', 'llama4'];

/** An experiment whose back end is torchtitan: its sections are those of a job in TOML. */
export function titanExperiment(source: Source, module: Keys, pointer: string): ReadFile {
  const { path } = source;
  const located = source.value();
  const overrides = (module.overrides ?? {}) as Keys;
  const { known, keys } = modelOf(module, source);
  const value = laidOver(laidOver(PRE_TRAINER, keys), overrides);
  const fields = jobFields({ value, locate: under(located, pointer) }, path);
  const file = titanFile(titanRun({ base: null, length: null, fields, names: new Map() }, path));
  const notes = [
    ...(known
      ? []
      : [
          `what ${String(module.model)} sets is not read: it is none of Primus's that are known, nor beside the file`,
        ]),
    ...(turbo(value) ? ["primus_turbo: its kernels are not timed, torchtitan's are"] : []),
  ];
  // What torchtitan itself is planned in here.
  const plain = file.asked(null).precision === 'bf16';
  return {
    ...file,
    runtime: plain ? 'torchtitan' : null,
    asked(gpus) {
      refuseUnreadable(file, TITAN_FILE_RULES, { path, ranks: null });
      const asked = file.asked(gpus);
      const stack = asked.stack ?? (plain ? undefined : 'torch-fsdp2');
      return {
        ...asked,
        ...(stack === undefined ? {} : { stack }),
        notes: [...(asked.notes ?? []), ...notes],
      };
    },
  };
}

function under({ locate }: Located, pointer: string): Located['locate'] {
  return (inner) => locate(`${pointer}/overrides${inner}`);
}

function turbo(value: Keys): boolean {
  return (value.primus_turbo as Keys | undefined)?.enable_primus_turbo === true;
}

/** By the name of its file, or beside the experiment. */
function modelOf({ model }: Keys, source: Source): { readonly known: boolean; readonly keys: Keys } {
  if (typeof model !== 'string') return { known: true, keys: {} };
  const text = source.beside?.(model) ?? null;
  if (text !== null) return { known: true, keys: resolved(source.value(text), source).value as Keys };
  const [, family, size, fp8] = MODEL.exec(model.replace(/^.*\//, '')) ?? [];
  if (family === undefined || size === undefined) return { known: false, keys: {} };
  const flavor = LOWER.includes(family) ? size.toLowerCase() : size.toUpperCase();
  const converters = fp8 === undefined ? [] : ['quantize.linear.float8'];
  return { known: true, keys: { model: { name: family.replace(/\.\d$/, ''), flavor, converters } } };
}
