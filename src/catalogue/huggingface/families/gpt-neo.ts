import { attentionOf, build, type Family, plainMlp } from '../family.ts';
import type { Fields } from '../fields.ts';

const NAMES = { num_hidden_layers: 'num_layers', num_attention_heads: 'num_heads' };

/** Learned positions; a bias on attention's output but not on queries, keys and values; every second layer looks back over a window. */
export const gptNeo: Family = {
  types: ['gpt_neo'],
  read(raw, name) {
    const f = raw.called(NAMES).usual({ max_position_embeddings: 2048 });
    const full = attentionOf(f, { kvHeads: f.count('num_attention_heads'), qkvBias: false, outBias: true });
    const sliding = { ...full, slidingWindow: f.count('window_size', 256) };
    const slides = localLayers(f);
    return build(f, name, 'gpt_neo', {
      attention: full,
      mlp: plainMlp(f, true, 'gelu', 4),
      layer: (i) => ({ attention: slides(i) ? sliding : full }),
      norm: { kind: 'layer', perLayer: 2 },
      learnedPositions: f.count('max_position_embeddings'),
      tied: true,
      beyondSizes: ['scores that are not scaled'],
    });
  },
};

/** `[[["global", "local"], 12]]`: twelve times the two; or one word a layer in `attention_layers`. */
function localLayers(f: Fields): (index: number) => boolean {
  const runs = f.list('attention_types') ?? [[['global', 'local'], f.count('num_hidden_layers') / 2]];
  const words = f.list('attention_layers') ?? runs.flatMap((run) => repeated(run));
  const layers = f.count('num_hidden_layers');
  const odd = words.find((word) => word !== 'global' && word !== 'local');
  if (odd !== undefined || words.length !== layers)
    throw f.odd(
      'attention_types',
      f.valueOf('attention_types'),
      `global or local for each of ${layers} layers`,
    );
  return (i) => words[i] === 'local';
}

function repeated(run: unknown): unknown[] {
  const [words, times] = Array.isArray(run) ? run : [];
  return Array.isArray(words) && Number.isInteger(times) ? new Array(times).fill(words).flat() : [null];
}
