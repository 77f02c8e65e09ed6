import type { DenseMlp } from '../../../layers/ffn/dense.ts';
import { denseMlp } from '../../../layers/ffn/dense.ts';
import type { SoftmaxAttention } from '../../../layers/mixers/softmax.ts';
import { isMapping } from '../../document.ts';
import { attentionOf, build, type Family, gatedMlp } from '../family.ts';
import { Fields } from '../fields.ts';

/** MLP widths are a multiple of it (configuration_decilm.py, `_find_multiple`). */
const MULTIPLE = 256;

/** A Llama of which each layer has sizes of its own, or lacks a part: key-value heads by layer, or blocks as `block_configs` says. */
export const deci: Family = {
  types: ['nemotron-nas', 'deci'],
  read(f, name) {
    const blocks = f.list('block_configs');
    return blocks === null ? byHeads(f, name) : byBlocks(f, name, blocks);
  },
};

function byHeads(f: Fields, name: string) {
  const list = f.list('num_key_value_heads_per_layer');
  const layers = f.count('num_hidden_layers');
  if (list !== null && list.length !== layers)
    throw f.odd('num_hidden_layers', layers, `the ${list.length} layers of num_key_value_heads_per_layer`);
  const of = alike((kvHeads: number) => attentionOf(f.with({ num_key_value_heads: kvHeads })));
  const heads = (i: number) => (list === null ? f.count('num_key_value_heads') : wholeIn(f, list[i]));
  return build(f, name, 'deci', {
    attention: of(heads(0)),
    mlp: gatedMlp(f),
    layer: (i) => ({ attention: of(heads(i)) }),
  });
}

function wholeIn(f: Fields, value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value > 0) return value;
  throw f.odd('num_key_value_heads_per_layer', value, 'whole numbers above zero');
}

function byBlocks(f: Fields, name: string, blocks: readonly unknown[]) {
  const layers = f.count('num_hidden_layers');
  if (blocks.length !== layers)
    throw f.odd('num_hidden_layers', layers, `the ${blocks.length} of block_configs`);
  const heads = f.count('num_attention_heads');
  const attention = alike((group: number) => {
    if (heads % group !== 0)
      throw f.odd('n_heads_in_group', group, `a divisor of num_attention_heads ${heads}`);
    return attentionOf(f.with({ num_key_value_heads: heads / group }));
  });
  const mlp = alike((times: number): DenseMlp => {
    const width = Math.trunc((2 * times * f.count('hidden_size')) / 3);
    return denseMlp(Math.ceil(width / MULTIPLE) * MULTIPLE, { gated: true, bias: f.flag('mlp_bias', false) });
  });
  const parts = blocks.map((block) => partsOf(f, block, attention, mlp));
  const first = <T>(some: readonly (T | null)[]) => some.find((one) => one !== null) ?? null;
  const [anyAttention, anyMlp] = [
    first(parts.map((one) => one.attention)),
    first(parts.map((one) => one.mlp)),
  ];
  if (anyAttention === null || anyMlp === null)
    throw f.odd('block_configs', 'no attention, or no MLP', 'a layer with each');
  return build(f, name, 'deci', { attention: anyAttention, mlp: anyMlp, layer: (i) => parts[i]! });
}

function partsOf(
  f: Fields,
  block: unknown,
  attention: (group: number) => SoftmaxAttention,
  mlp: (times: number) => DenseMlp,
): { readonly attention: SoftmaxAttention | null; readonly mlp: DenseMlp | null } {
  const part = (key: 'attention' | 'ffn') => {
    const own = isMapping(block) ? block[key] : undefined;
    if (!isMapping(own)) throw f.odd('block_configs', block, 'attention and ffn of each layer');
    if (own.replace_with_linear === true)
      throw f.odd('replace_with_linear', true, 'false: a matrix in place of a part is not modelled');
    return new Fields(own, f.file);
  };
  const [a, m] = [part('attention'), part('ffn')];
  if (a.has('window_length')) throw f.odd('window_length', a.valueOf('window_length'), 'null');
  const times = m.valueOf('ffn_mult');
  if (!m.flag('no_op', false) && typeof times !== 'number') throw f.odd('ffn_mult', times, 'a number');
  return {
    attention: a.flag('no_op', false) ? null : attention(a.count('n_heads_in_group')),
    mlp: m.flag('no_op', false) ? null : mlp(times as number),
  };
}

/** The same part for the same size: layers alike are of one kind. */
export function alike<T>(make: (size: number) => T): (size: number) => T {
  const made = new Map<number, T>();
  return (size) => {
    const found = made.get(size) ?? make(size);
    made.set(size, found);
    return found;
  };
}
