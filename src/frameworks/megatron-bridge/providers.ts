import type { ModelSpec } from '../../domain/model.ts';
import type { Problem } from '../../domain/problem.ts';
import { softmax } from '../../layers/mixers/softmax.ts';
import { degreesOf } from '../../plan-text/degrees.ts';
import { no, type ProblemRule, type Rule } from '../laws/rule.ts';
import { plainArchitecture } from '../megatron/architecture-rule.ts';
import { hybridArchitecture, isHybrid } from '../megatron/hybrid-layers.ts';

/**
 * A model provider that Megatron-Bridge makes of a checkpoint's config.json, `AutoBridge.from_hf_pretrained` (one folder each in
 * src/megatron/bridge/models, commit 067f987): it builds what no flag of Megatron-LM says.
 */
interface Provider {
  /** The Hugging Face class that is bridged. */
  readonly bridges: string;
  /** Each n-th layer attends to all and the others slide, whatever the config says. */
  readonly fullEvery?: number;
  /** What its layers ask of a plan. */
  readonly rule?: Rule;
  /** What a plan is priced with and this provider has otherwise. */
  readonly restsOn?: (tp: number) => string | null;
}

/** olmoe_provider.py: a norm as wide as all heads, on those of one rank. */
const wholeHeads: Rule = (_, plan) => {
  const { tp } = degreesOf(plan);
  return tp === 1 ? null : no('whole-heads', `tp=${tp}`, 'tp=1: its norm is as wide as all heads');
};

/** gemma2_provider.py: "Context parallelism is only supported by TEDotProductAttention!", and this is another. */
const wholeSequence: Rule = (_, { dims: { cp } }) =>
  cp === 1
    ? null
    : no('context-parallel', `cp=${cp}`, 'cp=1: Gemma 2 runs in FlexAttention in Megatron-Bridge');

/** gemma2_provider.py: PyTorch's FlexAttention, which has the soft cap in its kernel. */
const flexAttention = () =>
  "attention as fast as cuDNN's or FlashAttention's: Gemma 2 runs in FlexAttention in Megatron-Bridge";

/** minimax_m2_provider.py: sums of squares of queries and of keys, each reduced over tensor-parallel ranks. */
const reducedNorms = (tp: number) =>
  tp === 1
    ? null
    : 'no time for two small all-reduces a layer: norms over all heads of queries and of keys, split over tensor-parallel ranks';

/** models/hybrid/hybrid_provider.py: "Virtual pipeline model parallelism is temporarily unsupported in Hybrid models". */
const oneChunk: Rule = (_, { dims: { vpp } }) =>
  vpp === 1 ? null : no('virtual-stages', `${vpp} virtual stages of a hybrid`, 'vpp=1');

const LATENT: Provider = { bridges: 'latent attention' };

/**
 * By `model_type`. Exaone4's and Falcon-H1's are left out: they attend without a fused kernel, in memory that is not priced; GLM-5's too,
 * whose kernels of sparse attention it leaves open.
 */
const PROVIDERS: Readonly<Record<string, Provider>> = {
  deepseek_v2: { ...LATENT, bridges: 'DeepseekV2ForCausalLM' },
  deepseek_v3: { ...LATENT, bridges: 'DeepseekV3ForCausalLM' },
  kimi_k2: { ...LATENT, bridges: 'KimiK2ForCausalLM' },
  gemma: { bridges: 'GemmaForCausalLM' },
  gemma2: { bridges: 'Gemma2ForCausalLM', fullEvery: 2, rule: wholeSequence, restsOn: flexAttention },
  gemma3_text: { bridges: 'Gemma3ForCausalLM', fullEvery: 6 },
  gpt_oss: { bridges: 'GptOssForCausalLM', fullEvery: 2 },
  minimax_m2: { bridges: 'MiniMaxM2ForCausalLM', restsOn: reducedNorms },
  nemotron_h: { bridges: 'NemotronHForCausalLM', rule: oneChunk },
  qwen3_next: { bridges: 'Qwen3NextForCausalLM' },
  qwen3_5_moe_text: { bridges: 'Qwen3_5MoeForCausalLM' },
  qwen3_5_text: { bridges: 'Qwen3_5ForCausalLM' },
  mistral: { bridges: 'MistralForCausalLM' },
  olmoe: { bridges: 'OlmoeForCausalLM', rule: wholeHeads },
};

/** The provider of the model's own that it is built by; null: the plain recipe is told of it, or nothing builds it. */
export function providerOf(problem: Problem): Provider | null {
  return describedByFlags(problem) ? null : bridgedBy(problem.model);
}

/** What the plain recipe can be told, or what a provider of the model's own builds. */
export const modelProvider: ProblemRule = (problem) => {
  if (describedByFlags(problem)) return null;
  if (bridgedBy(problem.model) !== null) return isHybrid(problem.model) ? hybridArchitecture(problem) : null;
  return (
    plainArchitecture(problem) ??
    no(
      'model-provider',
      'other layers than of plain attention',
      'a model of GPTModelProvider, or of a bridge of its own',
    )
  );
};

export const providerRule: Rule = (problem, plan) => providerOf(problem)?.rule?.(problem, plan) ?? null;

function describedByFlags(problem: Problem): boolean {
  return plainArchitecture(problem) === null && problem.model.kinds.every(({ mixer }) => softmax.is(mixer));
}

function bridgedBy({ modelType, towers, kinds, layers }: ModelSpec): Provider | null {
  // A multimodal model has a bridge of another kind.
  if (modelType === undefined || towers !== undefined) return null;
  const found = PROVIDERS[modelType];
  if (found?.fullEvery === undefined) return found ?? null;
  const { fullEvery } = found;
  const slides = layers.map((kind) => {
    const { mixer } = kinds[kind]!;
    return softmax.is(mixer) && mixer.slidingWindow !== null;
  });
  const usual = slides.every((one, i) => one === ((i + 1) % fullEvery !== 0));
  return usual || !slides.includes(true) ? found : null;
}
