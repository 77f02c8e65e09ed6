import { InputError } from '../../domain/input-error.ts';
import { isKind, type Made, type Value } from '../../foreign/python/value.ts';
import { nearest } from '../../units/nearest.ts';
import { FINETUNE_RECIPES } from './full-recipes.ts';
import { LORA_RECIPES } from './lora-recipes.ts';
import { PRETRAIN_RECIPES } from './pretrain-recipes.ts';
import { fieldsOf, PATHS, type Recipe, S } from './recipe-words.ts';

/** A field of a configuration, and where the file says it. */
export interface Stated {
  readonly value: Value;
  readonly line: number;
}

/** By dotted path; `trainer.plugins@` is the class of what stands there. */
export type Fields = ReadonlyMap<string, Stated>;

export const RECIPES = ['pretrain_recipe', 'finetune_recipe'] as const;
export type RecipeKind = (typeof RECIPES)[number];

/** Parameters of recipes that are one field (qwen3.py, nemotron3_8b.py, nemotronh_8b.py). */
const PARAMETERS: Readonly<Record<string, string>> = {
  tensor_parallelism: PATHS.tp!,
  pipeline_parallelism: PATHS.pp!,
  virtual_pipeline_parallelism: PATHS.vpp!,
  context_parallelism: PATHS.cp!,
  expert_parallelism: PATHS.ep!,
  sequence_parallelism: `${S}.sequence_parallel`,
  account_for_embedding_in_pipeline_split: `${S}.account_for_embedding_in_pipeline_split`,
  account_for_loss_in_pipeline_split: `${S}.account_for_loss_in_pipeline_split`,
  num_nodes: PATHS.nodes!,
  num_gpus_per_node: PATHS.gpus!,
  micro_batch_size: PATHS.micro!,
  mbs: PATHS.micro!,
  global_batch_size: PATHS.batch!,
  gbs: PATHS.batch!,
  seq_length: PATHS.seq!,
  precision: 'trainer.plugins.precision',
};

/** Parameters that change nothing that is read here. */
const OTHERS = [
  ...[
    'dir',
    'name',
    'fn',
    'resume_path',
    'vocab_file',
    'tokenizer_model',
    'max_steps',
    'callbacks',
    'use_mtp',
  ],
  ...['val_check_interval', 'limit_test_batches', 'limit_val_batches', 'log_every_n_steps', 'save_top_k'],
  ...['ckpt_async_save', 'pipeline_parallelism_type', 'accumulate_grad_batches', 'gradient_clip_val'],
  ...['warmup_steps', 'constant_steps', 'min_lr', 'max_lr'],
];
const CHOICES = ['performance_mode', 'peft_scheme', 'packed_sequence'];

/** What `module.pretrain_recipe(…)` gives. Throws InputError where there is no such recipe, or which of its forms is meant cannot be told. */
export function recipeFields(module: string, kind: RecipeKind, call: Made, file: string): Fields {
  const [config, usual, fast = usual] = chosen(module, kind, call, file);
  refuseUnknown(call, file);
  const tunes = kind === 'finetune_recipe';
  const quick = switched(call, 'performance_mode', file);
  const packs =
    tunes && (call.keywords.has('packed_sequence') ? switched(call, 'packed_sequence', file) : quick);
  const words = `beside=${tunes ? 'none' : 'all'} ${quick ? fast : usual}${packs ? inPacks(usual) : ''}`;
  const fields = new Map<string, Stated>();
  const set = (path: string, value: Value) => fields.set(path, { value, line: call.line });
  set('model.config@', config);
  set(`${S}@`, 'MegatronStrategy');
  set('trainer.plugins@', 'MegatronMixedPrecision');
  set('trainer.plugins.precision', 'bf16-mixed');
  set('optim@', 'MegatronOptimizerModule');
  set('optim.config.use_distributed_optimizer', true);
  if (/\brank=/.test(words)) set('peft@', 'LoRA');
  if (packs) set('data.packed_sequence_specs', true);
  for (const [path, value] of fieldsOf(words)) set(path, value);
  if (call.keywords.get('use_mtp') === false) fields.delete(PATHS.mtp!);
  for (const [name, value] of call.keywords) {
    const path = PARAMETERS[name];
    if (path !== undefined && value !== null) set(path, value);
  }
  return fields;
}

/** `packed=4096:8` is a sequence of 4,096 and a batch of eight. */
function inPacks(words: string): string {
  const [, sequence, batch] = /\bpacked=(\d+):(\d+)/.exec(words) ?? [];
  return sequence === undefined ? '' : ` seq=${sequence} batch=${batch}`;
}

function chosen(module: string, kind: RecipeKind, call: Made, file: string): Recipe {
  const at = { file, line: call.line };
  const known = kind === 'pretrain_recipe' ? PRETRAIN_RECIPES : { ...LORA_RECIPES, ...FINETUNE_RECIPES };
  if (!Object.hasOwn(known, module)) {
    const near = nearest(module, Object.keys(known));
    throw new InputError({
      message: `llm.${module}.${kind} is no recipe that is known`,
      expected: 'a decoder of nemo.collections.llm.recipes',
      ...(near === undefined ? {} : { hint: `Maybe llm.${near}.` }),
      at,
    });
  }
  if (kind === 'pretrain_recipe') return known[module]!;
  const scheme = schemeOf(call, file) ?? (module in LORA_RECIPES ? 'lora' : 'none');
  const found = (scheme === 'lora' ? LORA_RECIPES : FINETUNE_RECIPES)[module];
  if (found !== undefined) return found;
  throw new InputError({
    message: `llm.${module}.finetune_recipe has no peft_scheme of ${scheme}`,
    expected: scheme === 'lora' ? 'none' : '"lora"',
    at,
  });
}

/** null: not said. */
function schemeOf(call: Made, file: string): 'lora' | 'none' | null {
  const scheme = call.keywords.get('peft_scheme');
  if (scheme === undefined) return null;
  if (scheme === null || (typeof scheme === 'string' && /^none$/i.test(scheme))) return 'none';
  if (typeof scheme === 'string' && /^lora$/i.test(scheme)) return 'lora';
  throw new InputError({
    message: `peft_scheme is ${typeof scheme === 'string' ? `"${scheme}"` : 'not literal'}`,
    expected: '"lora" or "none"',
    at: { file, line: call.line },
  });
}

/** Left out: off. */
function switched(call: Made, name: string, file: string): boolean {
  const value = call.keywords.get(name) ?? false;
  if (typeof value === 'boolean') return value;
  throw new InputError({
    message: `${name} is not literal`,
    expected: 'True or False',
    at: { file, line: call.line },
  });
}

/** Directory and name alone are given by their places: those after them are not the same in all recipes. */
function refuseUnknown({ args, keywords, open, line, text }: Made, file: string): void {
  if (args.length > 2 || open)
    throw new InputError({
      message: `${text.slice(0, 80)} has arguments whose names are not said`,
      expected: 'arguments by name, such as num_nodes=2',
      at: { file, line },
    });
  const known = [...Object.keys(PARAMETERS), ...OTHERS, ...CHOICES];
  const odd = [...keywords.keys()].find((name) => !known.includes(name));
  if (odd === undefined) return;
  const near = nearest(odd, known);
  throw new InputError({
    message: `a recipe has no argument ${odd}`,
    expected: 'arguments of the recipe',
    hint: near === undefined ? `Maybe recipe.… = … on a line of its own.` : `Maybe ${near}.`,
    at: { file, line },
  });
}

/** The name that something is called by, without what it is a field of. */
export function nameOf(value: Value): string | null {
  return isKind(value, 'named', 'field') ? value.name : null;
}
