import { denseMlp } from '../../../layers/ffn/dense.ts';
import { attentionOf, build, type Family, normsOfHeads } from '../family.ts';
import type { Fields } from '../fields.ts';
import { alike } from './deci.ts';

/** Heads and MLP of each layer apart; norms of queries and keys over a head; tied head. */
export const openelm: Family = {
  types: ['openelm'],
  read(raw, name) {
    const f = raw.called({ hidden_size: 'model_dim', num_hidden_layers: 'num_transformer_layers' }).usual({
      ...{ head_dim: 128, vocab_size: 32000, ffn_dim_divisor: 256 },
      ...{ max_position_embeddings: f2048(raw) },
    });
    const layers = f.count('num_hidden_layers');
    const [queries, keys, times] = ['num_query_heads', 'num_kv_heads', 'ffn_multipliers'].map((key) =>
      numbers(f, key, layers),
    );
    const attention = alike((both: number) => {
      const own = f.with({ num_attention_heads: Math.floor(both / MOST), num_key_value_heads: both % MOST });
      const plain = attentionOf(own, { qkvBias: false, outBias: false });
      return f.flag('normalize_qk_projections', false) ? normsOfHeads(plain) : plain;
    });
    const mlp = alike((width: number) =>
      denseMlp(width, { gated: f.flag('ffn_with_glu', true), bias: false }),
    );
    const layer = (i: number) => ({
      attention: attention(queries![i]! * MOST + keys![i]!),
      mlp: mlp(divisible(times![i]! * f.count('hidden_size'), f.count('ffn_dim_divisor'))),
    });
    return build(f, name, 'openelm', { ...layer(0), layer, tied: f.flag('share_input_output_layers', true) });
  },
};

/** More heads than any layer has. */
const MOST = 4096;
const f2048 = (f: Fields) => f.count('max_context_length', 2048);

function numbers(f: Fields, key: string, layers: number): number[] {
  const list = f.list(key);
  if (list === null || list.length !== layers || !list.every((one) => typeof one === 'number' && one > 0))
    throw f.odd(key, list, `a number above zero for each of ${layers} layers`);
  return list as number[];
}

/** The nearest multiple, and no less than nine tenths of it (modeling_openelm.py, `make_divisible`). */
function divisible(value: number, by: number): number {
  const near = Math.max(by, Math.floor(Math.trunc(value + by / 2) / by) * by);
  return near < 0.9 * value ? near + by : near;
}
