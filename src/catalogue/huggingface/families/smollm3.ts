import { attentionOf, build, type Family, gatedMlp } from '../family.ts';
import { rotatedLayers } from '../rotated-layers.ts';
import { layerTypes, windowOf } from '../windows.ts';

/** Every fourth layer is not rotated; those slide where `use_sliding_window` says so. */
export const smollm3: Family = {
  types: ['smollm3'],
  read(raw, name) {
    const f = raw.usual({ tie_word_embeddings: true });
    const plain = attentionOf(f, { kvHeads: f.count('num_key_value_heads', 4) });
    const window = f.flag('use_sliding_window', false) ? windowOf(f) : null;
    const types = layerTypes(f, ['full_attention', 'sliding_attention']);
    const rotated = rotatedLayers(f);
    const slides = (i: number) =>
      window !== null && (types === null ? !rotated(i) : types[i] === 'sliding_attention');
    const variants = [false, true].map((rope) =>
      [null, window].map((slidingWindow) => ({ ...plain, ...(rope ? {} : { rope }), slidingWindow })),
    );
    return build(f, name, 'smollm3', {
      attention: plain,
      mlp: gatedMlp(f, f.flag('mlp_bias', false)),
      layer: (i) => ({ attention: variants[Number(rotated(i))]![Number(slides(i))]! }),
    });
  },
};
