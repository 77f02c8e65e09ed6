import { isNarrow } from '../../domain/dtype.ts';
import type { LayerKind, LayerPart, ModelSpec } from '../../domain/model.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import type { Reason } from '../../domain/reason.ts';
import { dense } from '../../layers/ffn/dense.ts';
import { moe } from '../../layers/ffn/moe.ts';
import { partsOf } from '../../layers/layer.ts';
import { type Mamba2, mamba2 } from '../../layers/mixers/mamba2.ts';
import { softmax } from '../../layers/mixers/softmax.ts';
import { lastKind } from '../../layers/parameters.ts';
import { chunksInOrder } from '../laws/chunks.ts';
import { no, ofLayers, type Rule } from '../laws/rule.ts';
import { unusualOf } from '../laws/unusual.ts';
import {
  activationArguments,
  attentionArguments,
  biasesApart,
  hasLinearBias,
  moeArguments,
  unsaidActivation,
} from './model-arguments.ts';
import { plainModel, variantArguments } from './variants.ts';

/** Letters of `--hybrid-layer-pattern` (megatron/core/models/hybrid/hybrid_layer_allocation.py@d98e8a6). */
const LETTERS: Readonly<Record<string, string>> = { mamba2: 'M', softmax: '*', dense: '-', moe: 'E' };

/** Models that Megatron builds as HybridModel, one part a layer: those with Mamba-2, and those with layers of one part. */
export function isHybrid({ kinds }: ModelSpec): boolean {
  return kinds.some(({ mixer, ffn }) => mixer === null || ffn === null || mamba2.is(mixer));
}

/** Parts of a layer that are layers of HybridModel: one, or two where a mixer and an MLP stand in one. */
const lettersOf = (kind: LayerKind) =>
  partsOf(kind)
    .map((part) => LETTERS[part.kind])
    .join('');

/** The letters of each chunk in layer order, those of a module that predicts a further token behind. */
function patternOf(model: ModelSpec, plan: Plan): string {
  const letters = model.layers.map((kind) => lettersOf(model.kinds[kind]!));
  const chunks = chunksInOrder(plan).map(({ first, end }) => letters.slice(first, end).join(''));
  const predicts = `/${lettersOf(model.kinds[lastKind(model)]!)}`;
  return `${chunks.join('|')}${predicts.repeat(model.mtpLayers)}`;
}

/** What HybridModel cannot be told; null: nothing. */
export function hybridArchitecture({ model: whole, workload }: Problem): Reason | null {
  const refuse = (what: string) =>
    no(
      'model-architecture',
      what,
      'a hybrid that its flags describe',
      'Maybe --to json, for a model file of yours.',
    );
  const model = plainModel(whole);
  const unusual = unusualOf(model, true) ?? unsaidActivation(model) ?? biasesApart(model);
  if (unusual !== null) return refuse(unusual);
  if (model.norm.perLayer !== 2) return refuse(`${model.norm.perLayer} norms in a layer`);
  const parts = model.kinds.flatMap(partsOf);
  const other = parts.find(({ kind }) => LETTERS[kind] === undefined);
  if (other !== undefined) return refuse(`${other.kind} beside Mamba-2`);
  for (const kind of Object.keys(LETTERS)) {
    const sizes = new Set(parts.filter((part) => part.kind === kind).map((part) => JSON.stringify(part)));
    if (sizes.size > 1) return refuse(`${sizes.size} sizes of ${kind}`);
  }
  return mixersRefused(parts, refuse) ?? narrowRefused(parts, workload.precision, refuse);
}

function mixersRefused(parts: readonly LayerPart[], refuse: (what: string) => Reason): Reason | null {
  const mixer = parts.find((part) => mamba2.is(part));
  // megatron/core/ssm/mamba_mixer.py@d98e8a6: not bias, conv_bias, d_conv 4, rmsnorm, and no flag of any.
  if (
    mixer !== undefined &&
    (mixer.projectionBias || !mixer.convBias || !mixer.norm || mixer.convKernel !== 4)
  )
    return refuse('a Mamba-2 mixer with other biases, norm or convolution');
  const attention = parts.find((part) => softmax.is(part));
  if (attention === undefined) return null;
  if (attention.sinks || attention.slidingWindow !== null)
    return refuse(attention.sinks ? 'attention sinks' : 'sliding-window attention');
  // hybrid_stack_spec's attention has none (hybrid_layer_specs.py@d98e8a6).
  return attention.qkNormParameters > 0 ? refuse('norms of queries and keys in a hybrid') : null;
}

function narrowRefused(
  parts: readonly LayerPart[],
  precision: Problem['workload']['precision'],
  refuse: (what: string) => Reason,
): Reason | null {
  const mixer = parts.find((part) => mamba2.is(part));
  if (mixer === undefined || !isNarrow(precision)) return null;
  const width = 2 * mixer.heads * mixer.headDim + 2 * mixer.groups * mixer.stateSize + mixer.heads;
  return width % 16 === 0
    ? null
    : refuse(`${precision} with a Mamba-2 projection of ${width}, no multiple of 16`);
}

/** Every chunk of a pattern has layers: an empty one is not known to run. */
export const hybridChunks: Rule = ofLayers(({ model }, plan) =>
  isHybrid(model) && chunksInOrder(plan).some(({ first, end }) => first === end)
    ? no('empty-stage', 'a chunk without layers in a hybrid pattern', 'layers on each')
    : null,
);

/** Full recomputation keeps the input of so many layers of HybridModel at a time: all alike, so that it is what is planned. */
export function hybridDepth(model: ModelSpec): number | null {
  const depths = new Set(model.kinds.map((kind) => partsOf(kind).length));
  return depths.size === 1 ? [...depths][0]! : null;
}

/** Megatron-LM's flags for a hybrid, one word per entry. */
export function hybridArguments({ model: whole, workload }: Problem, plan: Plan): string[] {
  const model = plainModel(whole);
  const parts = model.kinds.flatMap(partsOf);
  const attention = parts.find((part) => softmax.is(part));
  const mixer = parts.find((part) => mamba2.is(part));
  const mlp = parts.find((part) => dense.is(part));
  const experts = parts.find((part) => moe.is(part));
  const rotated = attention !== undefined && attention.rope !== false;
  const ffn = mlp?.ffnHiddenSize ?? experts?.expertFfnHiddenSize ?? 4 * model.hiddenSize;
  const { sequenceLength } = workload;
  const args = [
    ...['--hybrid-layer-pattern', patternOf(whole, plan)],
    ...['--spec', 'megatron.core.models.hybrid.hybrid_layer_specs', 'hybrid_stack_spec'],
    ...['--hidden-size', model.hiddenSize, '--ffn-hidden-size', ffn],
    ...(attention === undefined
      ? ['--num-attention-heads', mixer?.heads ?? 1]
      : attentionArguments({ attention }, model)),
    ...(mixer === undefined ? [] : mixerArguments(mixer)),
    ...['--seq-length', sequenceLength, '--max-position-embeddings', sequenceLength],
    ...['--position-embedding-type', rotated ? 'rope' : 'none'],
    ...['--normalization', model.norm.kind === 'rms' ? 'RMSNorm' : 'LayerNorm'],
    ...activationArguments(model),
    ...(hasLinearBias(model) ? [] : ['--disable-bias-linear']),
    ...(model.tiedEmbeddings ? [] : ['--untie-embeddings-and-output-weights']),
    ...['--attention-dropout', 0, '--hidden-dropout', 0],
    ...(experts === undefined ? [] : moeArguments(null, experts)),
    ...variantArguments(whole),
  ];
  return args.map(String);
}

function mixerArguments({ heads, headDim, stateSize, groups }: Mamba2): (string | number)[] {
  return [
    ...['--mamba-num-heads', heads, '--mamba-head-dim', headDim],
    ...['--mamba-state-dim', stateSize, '--mamba-num-groups', groups],
  ];
}
