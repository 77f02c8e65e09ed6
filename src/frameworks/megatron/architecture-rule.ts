import { attentionAndMlp } from '../laws/attention-and-mlp.ts';
import { no, type ProblemRule } from '../laws/rule.ts';
import { unusualOf } from '../laws/unusual.ts';
import { biasesApart, unsaidActivation } from './model-arguments.ts';

/** Flags describe one architecture for all layers, dense or expert apart. */
export const architecture: ProblemRule = ({ model }) => {
  const refuse = (what: string) =>
    no(
      'model-architecture',
      what,
      'a model its flags describe',
      'Maybe --to json, for a model file of yours.',
    );
  if (model.kinds.some(({ mixer, ffn }) => mixer === null || ffn === null))
    return refuse('layers without attention or without an MLP');
  const unusual = unusualOf(model);
  if (unusual !== null) return refuse(unusual);
  if (model.norm.perLayer !== 2) return refuse(`${model.norm.perLayer} norms in a layer`);
  if (new Set(model.kinds.map(({ mixer }) => JSON.stringify(mixer))).size > 1)
    return refuse('layers of different attention');
  for (const kind of ['dense', 'moe'] as const) {
    const kinds = model.kinds.filter(({ ffn }) => ffn?.kind === kind);
    if (kinds.length > 1) return refuse(`${kinds.length} kinds of ${kind} layer`);
  }
  const unsaid = unsaidActivation(model);
  if (unsaid !== null) return refuse(unsaid);
  const { attention } = attentionAndMlp(model.kinds[0]!);
  if (attention.kind === 'latent') return null;
  if (attention.sinks || attention.slidingWindow !== null)
    return refuse(attention.sinks ? 'attention sinks' : 'sliding-window attention');
  const apart = biasesApart(model);
  if (apart !== null) return refuse(apart);
  // `--qk-layernorm` norms each head by itself (megatron/core/transformer/attention.py: hidden_size_per_attention_head).
  return attention.qkNormParameters === 0 || attention.qkNormParameters === 2 * attention.headDim
    ? null
    : refuse('norms over all heads of queries and keys together');
};
