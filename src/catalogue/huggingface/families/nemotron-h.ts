import type { LayerPart } from '../../../domain/model.ts';
import { denseMlp } from '../../../layers/ffn/dense.ts';
import { moeMlp } from '../../../layers/ffn/moe.ts';
import { mamba2Mixer } from '../../../layers/mixers/mamba2.ts';
import { activationOf, attentionOf, build, type Family } from '../family.ts';
import type { Fields } from '../fields.ts';

/** Layers of one part each, a letter in its pattern: Mamba-2, attention that is not rotated, squared ReLU, experts, on latents where it says so. */
export const nemotronH: Family = {
  types: ['nemotron_h'],
  foreign: ['hybrid_override_pattern', 'mamba_num_heads'],
  read(raw, name) {
    const letters = patternOf(raw, 'hybrid_override_pattern', 'layers_block_type');
    const names = { hidden_act: 'mlp_hidden_act', head_dim: headDimKey(raw) };
    const usual = { num_hidden_layers: letters.length, num_key_value_heads: 8, intermediate_size: 21504 };
    const f = raw.called(names).usual({ ...usual, head_dim: 128 });
    const layers = f.count('num_hidden_layers');
    if (layers !== letters.length)
      throw f.odd('num_hidden_layers', layers, `the ${letters.length} layers of its pattern`);
    const parts = partsOf(f, letters);
    const mtpLayers = f.countOrZero('num_nextn_predict_layers');
    const predicted =
      mtpLayers === 0 ? '*E' : patternOf(f, 'mtp_hybrid_override_pattern', 'mtp_layers_block_type');
    if (predicted !== '*E')
      throw f.odd('mtp_hybrid_override_pattern', predicted, '*E: attention, then experts');
    return build(f, name, 'nemotron_h', {
      attention: parts['*'],
      mlp: parts['-'],
      layer: (i) => {
        const letter = letters[i] as Letter;
        const mixes = letter === 'M' || letter === '*';
        return { attention: mixes ? parts[letter] : null, mlp: mixes ? null : parts[letter] };
      },
      mtpLayers,
      ...(mtpLayers === 0 ? {} : { predicts: { attention: parts['*'], mlp: parts.E } }),
    });
  },
};

type Letter = 'M' | '*' | '-' | 'E';

/** The first Nemotron-H has a key of its own (its modeling_nemotron_h.py). */
function headDimKey(f: Fields): string {
  return f.has('attention_head_dim') ? 'attention_head_dim' : 'head_dim';
}

function partsOf(f: Fields, letters: readonly string[] | string): Readonly<Record<Letter, LayerPart>> {
  const biased = f.flag('mlp_bias', false);
  const activation = activationOf(f, false, 'squared-relu');
  const width = f.count('intermediate_size');
  const latentSize = f.has('moe_latent_size') ? { latentSize: f.count('moe_latent_size') } : {};
  if (biased && letters.includes('E')) throw f.odd('mlp_bias', true, 'false: experts have no biases here');
  const experts = f.count('n_routed_experts', 8);
  return {
    M: mamba2Mixer(
      f.count('mamba_num_heads', 128),
      f.count('mamba_head_dim', 64),
      f.count('ssm_state_size', 128),
      {
        groups: f.count('n_groups', 8),
        convKernel: f.count('conv_kernel', 4),
        convBias: f.flag('use_conv_bias', true),
        projectionBias: f.flag('use_bias', false),
        chunk: f.count('chunk_size', 128),
      },
    ),
    '*': attentionOf(f, { rope: false }),
    '-': denseMlp(width, { gated: false, bias: biased, ...activation }),
    E: moeMlp(
      experts,
      f.count('num_experts_per_tok', Math.min(2, experts)),
      f.count('moe_intermediate_size', 7688),
      {
        gated: false,
        sharedFfnHiddenSize: f.count('moe_shared_expert_intermediate_size', 7688),
        correctionBias: true,
        ...activation,
        ...latentSize,
      },
    ),
  };
}

const LETTERS: Readonly<Record<string, Letter>> = {
  ...{ mamba: 'M', linear_attention: 'M', attention: '*', full_attention: '*', mlp: '-', moe: 'E' },
  ...{ M: 'M', '*': '*', '-': '-', E: 'E' },
};

/** One letter a layer, as it is written or from a list of words. */
function patternOf(f: Fields, key: string, words: string): string {
  const text = f.valueOf(key);
  const listed = f.list(words);
  const all = listed ?? (typeof text === 'string' ? [...text] : null);
  if (all === null) throw f.odd(key, text ?? null, 'a letter for each layer: M, *, - or E');
  const odd = all.find((one) => LETTERS[String(one)] === undefined);
  if (odd !== undefined)
    throw f.odd(listed === null ? key : words, odd, 'M (mamba), * (attention), - (mlp) or E (moe)');
  return all.map((one) => LETTERS[String(one)]).join('');
}
