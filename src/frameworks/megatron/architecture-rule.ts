import { attentionAndMlp } from '../laws/attention-and-mlp.ts';
import { no, type ProblemRule } from '../laws/rule.ts';

/** Families whose residual stream runs attention and MLP side by side. */
const PARALLEL_RESIDUAL = new Set(['falcon', 'gpt_neox', 'phi']);
/** Families with their norms after attention and MLP, not before. */
const POST_NORM = new Set(['olmo2']);

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
  if (PARALLEL_RESIDUAL.has(model.family)) return refuse(`${model.family} with parallel residual`);
  if (POST_NORM.has(model.family)) return refuse(`${model.family} with norms after attention and MLP`);
  if (model.headBias === true) return refuse('a bias on the vocabulary projection');
  if (model.norm.perLayer !== 2) return refuse(`${model.norm.perLayer} norms in a layer`);
  if (new Set(model.kinds.map(({ mixer }) => JSON.stringify(mixer))).size > 1)
    return refuse('layers of different attention');
  for (const kind of ['dense', 'moe'] as const) {
    const kinds = model.kinds.filter(({ ffn }) => ffn?.kind === kind);
    if (kinds.length > 1) return refuse(`${kinds.length} kinds of ${kind} layer`);
  }
  const { attention } = attentionAndMlp(model.kinds[0]!);
  if (attention.kind === 'latent') return null;
  if (attention.sinks || attention.slidingWindow !== null)
    return refuse(attention.sinks ? 'attention sinks' : 'sliding-window attention');
  // `--qk-layernorm` norms each head by itself (megatron/core/transformer/attention.py: hidden_size_per_attention_head).
  return attention.qkNormParameters === 0 || attention.qkNormParameters === 2 * attention.headDim
    ? null
    : refuse('norms over all heads of queries and keys together');
};
