import type { ModelSpec } from '../../domain/model.ts';
import { gatedDeltaNet } from '../../layers/mixers/gated-delta-net.ts';
import { attentionAndMlp } from '../laws/attention-and-mlp.ts';
import { no, type ProblemRule } from '../laws/rule.ts';
import { unusualOf } from '../laws/unusual.ts';
import { hybridArchitecture, isHybrid } from './hybrid-layers.ts';
import { patternOf, unsaidPattern } from './layer-patterns.ts';
import { biasesApart, unsaidActivation } from './model-arguments.ts';
import { plainModel } from './variants.ts';

/** Flags describe one architecture for all layers, dense or expert apart; windows, sinks and unrotated layers by patterns. */
export const architecture: ProblemRule = ({ model }) => refused(undescribed(model));

/** The same for back ends on a Megatron that is older than the patterns, or with another attention. */
export const plainArchitecture: ProblemRule = (problem) => {
  const odd = problem.model.kinds.map(patternOf).find((one) => one !== null);
  return architecture(problem) ?? refused(odd ?? null);
};

const refused = (what: string | null) =>
  what === null ? null : no('model-architecture', what, 'a model its flags describe');

/** And of hybrids what their pattern says, in Megatron-LM itself: frameworks on top of it start its model of plain layers. */
export const architectureOrPattern: ProblemRule = (problem) =>
  isHybrid(problem.model) ? hybridArchitecture(problem) : architecture(problem);

function undescribed(whole: ModelSpec): string | null {
  if (isHybrid(whole)) return 'layers without attention or without an MLP';
  const model = plainModel(whole);
  if (model.kinds.some(({ mixer }) => gatedDeltaNet.is(mixer)))
    return 'gated delta nets without a layer of attention';
  const unusual = unusualOf(model, true);
  if (unusual !== null) return unusual;
  if (model.norm.perLayer !== 2) return `${model.norm.perLayer} norms in a layer`;
  for (const kind of ['dense', 'moe'] as const) {
    const parts = model.kinds.flatMap(({ ffn }) => (ffn?.kind === kind ? [JSON.stringify(ffn)] : []));
    const { size } = new Set(parts);
    if (size > 1) return `${size} kinds of ${kind} layer`;
  }
  const unsaid = unsaidPattern(model) ?? unsaidActivation(model);
  if (unsaid !== null) return unsaid;
  const { attention } = attentionAndMlp(model.kinds[0]!);
  if (attention.kind === 'latent') return null;
  const apart = biasesApart(model);
  if (apart !== null) return apart;
  // `--qk-layernorm` norms each head by itself (megatron/core/transformer/attention.py: hidden_size_per_attention_head).
  return attention.qkNormParameters === 0 || attention.qkNormParameters === 2 * attention.headDim
    ? null
    : 'norms over all heads of queries and keys together';
}
