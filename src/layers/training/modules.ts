import type { ModelSpec } from '../../domain/model.ts';
import type { LoraModule } from '../../domain/training.ts';
import { layerOperators } from '../layer.ts';
import { wholeModel } from '../parameters.ts';
import { FUSED } from './adapter.ts';

const ATTENTION: readonly LoraModule[] = ['q', 'k', 'v', 'o', 'q_a', 'q_b', 'kv_a', 'kv_b'];
const MLP: readonly LoraModule[] = ['gate', 'up', 'down'];

/** As PEFT, torchtune and Megatron call them. */
const ALIASES: Readonly<Record<string, readonly LoraModule[]>> = {
  all: [...ATTENTION, ...MLP],
  'all-linear': [...ATTENTION, ...MLP],
  attention: ATTENTION,
  mlp: MLP,
  q_proj: ['q'],
  k_proj: ['k'],
  v_proj: ['v'],
  o_proj: ['o'],
  output_proj: ['o'],
  gate_proj: ['gate'],
  up_proj: ['up'],
  down_proj: ['down'],
  w1: ['gate'],
  w3: ['up'],
  w2: ['down'],
  qkv_proj: ['qkv'],
  gate_up_proj: ['fc1'],
  linear_qkv: ['qkv'],
  linear_proj: ['o'],
  linear_fc1: ['fc1'],
  linear_fc2: ['down'],
  q_a_proj: ['q_a'],
  q_b_proj: ['q_b'],
  kv_a_proj_with_mqa: ['kv_a'],
  kv_b_proj: ['kv_b'],
};

/** What adapters can stand beside in the layers of a model. */
export function adaptableModules(model: ModelSpec): LoraModule[] {
  const context = wholeModel(model, 1);
  const names = model.kinds.flatMap((kind) =>
    layerOperators(kind, context).flatMap(({ weights }) => weights.flatMap(({ targets }) => targets)),
  );
  const has = (all: readonly LoraModule[]) => all.every((name) => names.includes(name));
  const fused = Object.entries(FUSED).flatMap(([name, all]) => (has(all) ? [name as LoraModule] : []));
  return [...new Set(names), ...fused];
}

/** The modules of a model that a word means, its own name or another's; null: the word means none there. */
export function modulesNamed(word: string, among: readonly LoraModule[]): LoraModule[] | null {
  const meant = ALIASES[word] ?? [word];
  const found = among.filter((name) => meant.includes(name));
  return found.length === 0 ? null : found;
}

export const EVERY_MODULE = 'all';
