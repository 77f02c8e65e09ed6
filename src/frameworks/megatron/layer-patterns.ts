import type { LayerKind, ModelSpec } from '../../domain/model.ts';
import { moe } from '../../layers/ffn/moe.ts';
import { type SoftmaxAttention, softmax } from '../../layers/mixers/softmax.ts';

/**
 * Attention that is not alike in all layers, as flags of Megatron Core say it (megatron/training/arguments.py and
 * core/transformer/transformer_config.py@d98e8a6): one window, which layers slide, which are not rotated, a sink for each head.
 */
export function patternArguments(model: ModelSpec): (string | number)[] {
  const attentions = model.layers.map((kind) => model.kinds[kind]!.mixer).filter((one) => softmax.is(one));
  const slides = attentions.map(({ slidingWindow }) => slidingWindow !== null);
  const unrotated = attentions.map(({ rope }) => rope === false);
  // A query reaches itself and W − 1 tokens before it; openai/gpt-oss-120b.sh there says 127,0 for its 128.
  const window = attentions.find(({ slidingWindow }) => slidingWindow !== null)?.slidingWindow;
  return [
    ...(window == null ? [] : ['--window-size', `${window - 1},0`]),
    ...(slides.includes(true) && slides.includes(false)
      ? ['--window-attn-skip-freq', frequency(slides, false)]
      : []),
    ...(unrotated.includes(true) ? ['--no-rope-freq', frequency(unrotated, true)] : []),
    ...(attentions.some(({ sinks }) => sinks) ? ['--softmax-type', 'learnable'] : []),
  ];
}

/** What of its attention those flags do not say; null: they say it all. */
export function unsaidPattern({ kinds }: ModelSpec): string | null {
  const windows = new Set(kinds.flatMap(({ mixer }) => (softmax.is(mixer) ? [mixer.slidingWindow] : [])));
  windows.delete(null);
  if (windows.size > 1) return `windows of ${[...windows].join(' and ')}`;
  return new Set(kinds.map(alike)).size > 1 ? 'layers of different attention' : null;
}

/** What no pattern of earlier versions says of a layer; null: nothing. */
export function patternOf({ mixer, ffn }: LayerKind): string | null {
  if (softmax.is(mixer)) {
    if (mixer.sinks) return 'attention sinks';
    if (mixer.slidingWindow !== null) return 'sliding-window attention';
    if (mixer.rope === false) return 'layers without rotary positions';
  }
  return moe.is(ffn) && ffn.activation === 'clamped-quick-gelu' ? `${ffn.activation} as activation` : null;
}

/** All of a mixer but its window and rotation. */
function alike({ mixer }: LayerKind): string {
  if (!softmax.is(mixer)) return JSON.stringify(mixer);
  const { slidingWindow: _, rope: __, ...others }: SoftmaxAttention = mixer;
  return JSON.stringify(others);
}

/** N where each N-th layer, and no other, has the value `last`; else all layers as a list that Megatron evaluates. */
function frequency(layers: readonly boolean[], last: boolean): string {
  const n = layers.indexOf(last) + 1;
  if (
    n > 1 &&
    layers.length % n === 0 &&
    layers.every((one, i) => one === ((i + 1) % n === 0 ? last : !last))
  )
    return String(n);
  return `[${layers.map(Number).join(',')}]`;
}
