import type { ModelSpec } from '../../domain/model.ts';
import { dense } from '../../layers/ffn/dense.ts';
import { type MoeMlp, moe as moeModule } from '../../layers/ffn/moe.ts';
import { isMoe } from '../../layers/layer.ts';
import { softmax } from '../../layers/mixers/softmax.ts';
import { type AttentionAndMlp, attentionAndMlp, attentionsAndMlps } from '../laws/attention-and-mlp.ts';
import { activationsOf } from '../laws/unusual.ts';
import { patternArguments } from './layer-patterns.ts';
import { plainModel, variantArguments } from './variants.ts';

/** Megatron-LM's flags for the architecture, one word per entry. */
export function modelArguments(whole: ModelSpec, sequenceLength: number): string[] {
  const model = plainModel(whole);
  const kind = attentionAndMlp(model.kinds[model.layers.at(-1) ?? 0]!);
  const kinds = attentionsAndMlps(model.kinds);
  const dense = kinds.find(({ mlp }) => mlp.kind === 'dense')?.mlp;
  const moe = kinds.find(({ mlp }) => mlp.kind === 'moe')?.mlp;
  const ffn =
    dense?.kind === 'dense' ? dense.ffnHiddenSize : moe?.kind === 'moe' ? moe.expertFfnHiddenSize : 0;
  const learned = model.learnedPositions > 0;
  const args = [
    ...['--num-layers', model.layers.length, '--hidden-size', model.hiddenSize, '--ffn-hidden-size', ffn],
    ...attentionArguments(kind, model),
    ...patternArguments(model),
    ...['--seq-length', sequenceLength],
    ...['--max-position-embeddings', Math.max(sequenceLength, model.learnedPositions)],
    ...['--position-embedding-type', learned ? 'learned_absolute' : 'rope'],
    ...['--normalization', model.norm.kind === 'rms' ? 'RMSNorm' : 'LayerNorm'],
    ...activationArguments(model),
    ...(hasLinearBias(model) ? [] : ['--disable-bias-linear']),
    ...(model.tiedEmbeddings ? [] : ['--untie-embeddings-and-output-weights']),
    ...['--attention-dropout', 0, '--hidden-dropout', 0],
    ...(moe?.kind === 'moe' ? moeArguments(model, moe) : []),
    ...(model.mtpLayers > 0 ? ['--mtp-num-layers', model.mtpLayers] : []),
    ...variantArguments(whole),
  ];
  return args.map(String);
}

/** Biases on the linear layers as Megatron means them: on the attention output and the MLP. */
export function hasLinearBias({ kinds }: ModelSpec): boolean {
  return kinds.some(
    ({ mixer, ffn }) =>
      (softmax.is(mixer) && mixer.outBias) ||
      (dense.is(ffn) && ffn.bias) ||
      (moeModule.is(ffn) && ffn.expertBias),
  );
}

/** The one switch says whether attention's projections and the MLP have biases; null: it can, of this model. */
export function biasesApart(model: ModelSpec): string | null {
  const linear = hasLinearBias(model);
  const apart = model.kinds.some(
    ({ mixer, ffn }) =>
      (softmax.is(mixer) && (mixer.outBias !== linear || (linear && !mixer.qkvBias))) ||
      (dense.is(ffn) && ffn.bias !== linear) ||
      // The router has one as the rest has (megatron/core/transformer/moe/router.py@d98e8a6).
      (moeModule.is(ffn) && (ffn.expertBias !== linear || ffn.routerBias !== linear)),
  );
  return apart ? 'biases on only some of its linear layers' : null;
}

const GATES = ['silu', 'clamped-quick-gelu'];

/** GELU is what Megatron does unasked; gated it knows SwiGLU and gpt-oss's (megatron/training/argument_utils.py@d98e8a6). */
export function unsaidActivation(model: ModelSpec): string | null {
  const odd = activationsOf(model).find(
    ({ gated, activation }) => !(gated ? GATES : ['gelu', 'squared-relu']).includes(activation),
  );
  if (odd !== undefined) return `${odd.gated ? 'gated ' : ''}${odd.activation} as activation`;
  const gates = new Set(activationsOf(model).map(({ activation }) => activation));
  return gates.size > 1 ? `${[...gates].join(' and ')} as activations` : null;
}

/** As examples/post_training/modelopt/conf/openai/gpt-oss-120b.sh@d98e8a6 has it. */
const CLAMPED = ['--quick-geglu', '--glu-linear-offset', '1.0', '--activation-func-clamp-value', '7.0'];

export function activationArguments(model: ModelSpec): string[] {
  const all = activationsOf(model);
  if (all.some(({ activation }) => activation === 'clamped-quick-gelu')) return CLAMPED;
  if (all.some(({ gated }) => gated)) return ['--swiglu'];
  return all.some(({ activation }) => activation === 'squared-relu') ? ['--squared-relu'] : [];
}

export function attentionArguments(
  { attention: a }: Pick<AttentionAndMlp, 'attention'>,
  model: ModelSpec,
): (string | number)[] {
  if (a.kind === 'latent') {
    return [
      ...['--multi-latent-attention', '--num-attention-heads', a.heads],
      ...(a.qLoraRank === null ? [] : ['--q-lora-rank', a.qLoraRank]),
      ...['--kv-lora-rank', a.kvLoraRank, '--qk-head-dim', a.qkNopeHeadDim],
      ...['--qk-pos-emb-head-dim', a.qkRopeHeadDim, '--v-head-dim', a.vHeadDim],
      // Its norms on the compressed queries, keys and values hang on the same switch (Primus, deepseek_v3_base.yaml).
      '--qk-layernorm',
    ];
  }
  return [
    ...['--num-attention-heads', a.heads, '--kv-channels', a.headDim],
    ...(a.kvHeads === a.heads ? [] : ['--group-query-attention', '--num-query-groups', a.kvHeads]),
    ...(a.qkvBias && !hasLinearBias(model) ? ['--add-qkv-bias'] : []),
    ...(a.qkNormParameters > 0 ? ['--qk-layernorm'] : []),
  ];
}

/** `model` of null: the pattern says which layers have them. */
export function moeArguments(model: ModelSpec | null, mlp: MoeMlp): (string | number)[] {
  const sparse = model?.layers.map((kind) => (moeModule.is(model.kinds[kind]!.ffn) ? 1 : 0)) ?? [];
  return [
    ...['--num-experts', mlp.experts, '--moe-router-topk', mlp.topK],
    ...['--moe-ffn-hidden-size', mlp.expertFfnHiddenSize, '--moe-grouped-gemm'],
    ...(mlp.sharedFfnHiddenSize > 0
      ? ['--moe-shared-expert-intermediate-size', mlp.sharedFfnHiddenSize]
      : []),
    ...(mlp.sharedGate ? ['--moe-shared-expert-gate'] : []),
    ...(mlp.correctionBias
      ? ['--moe-router-score-function', 'sigmoid', '--moe-router-enable-expert-bias']
      : []),
    // A softmax over the one expert that is left would be constant (transformer_config.py@002526d).
    ...(mlp.topK === 1 && !mlp.correctionBias ? ['--moe-router-pre-softmax'] : []),
    ...(sparse.includes(0) ? ['--moe-layer-freq', `(${runs(sparse)})`] : []),
  ];
}

/** `[0]*3+[1]*58` for three dense layers and 58 of experts. */
function runs(values: readonly number[]): string {
  const parts: { value: number; count: number }[] = [];
  for (const value of values) {
    const last = parts.at(-1);
    if (last?.value === value) last.count += 1;
    else parts.push({ value, count: 1 });
  }
  return parts.map(({ value, count }) => `[${value}]*${count}`).join('+');
}

/** What the flags leave open, because a model here does not say it; a comment for whoever starts the run. */
export function leftOpen(model: ModelSpec): string {
  const open = [
    ...['Data', 'tokenizer', 'learning rate', 'norm epsilon'],
    ...(model.learnedPositions > 0 ? [] : ['rotary base', 'rotary percent', 'rope scaling']),
    ...(isMoe(model) ? ['router groups', 'router scaling', 'router losses'] : []),
  ];
  return `${open.slice(0, -1).join(', ')} and ${open.at(-1)}`;
}
