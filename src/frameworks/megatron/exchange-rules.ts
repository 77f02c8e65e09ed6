import type { LayerKind } from '../../domain/model.ts';
import { slides } from '../../layers/layer.ts';
import { softmax } from '../../layers/mixers/softmax.ts';
import { degreesOf } from '../../plan-text/degrees.ts';
import { contextExchange, swappedRanks } from '../../techniques/context-exchange.ts';
import { no, type Rule } from '../laws/rule.ts';

/**
 * What Transformer Engine asks of `--cp-comm-type`, whose own is p2p (TransformerEngine@d0067d0da,
 * transformer_engine/pytorch/attention/dot_product_attention/context_parallel.py:4246 and :5054).
 */

/** Bridge's gpt-oss recipe says so too ("a2a is required", gpt_oss.py@067f987). */
const sinks: Rule = ({ model }, { dims: { cp }, techniques }) =>
  cp > 1 && contextExchange.of(techniques) !== 'a2a' && model.kinds.some(hasSinks)
    ? no('context-parallel-sinks', `cp=${cp} with attention sinks`, 'cp=1, or cp-comm=a2a')
    : null;

/** A stack whose own exchange has windows tells Megatron nothing of it. */
const windows: Rule = ({ model }, { dims: { cp }, techniques }) =>
  cp > 1 && contextExchange.of(techniques) === 'stack' && slides(model)
    ? no(
        'context-parallel-sliding-window',
        `cp=${cp} with sliding-window attention`,
        'cp=1, or cp-comm=a2a or all-gather',
      )
    : null;

/** It repeats no key-value heads where there are fewer than ranks. */
const wholeHeads: Rule = ({ model }, plan) => {
  const { tp, cp } = degreesOf(plan);
  const ranks = swappedRanks(contextExchange.of(plan.techniques), cp);
  if (ranks === 1) return null;
  for (const { mixer } of model.kinds) {
    const kv = softmax.is(mixer) ? Math.max(1, mixer.kvHeads / tp) : ranks;
    if (kv % ranks !== 0)
      return no(
        'context-parallel-heads',
        `${kv} key-value heads on a rank`,
        `a multiple of the ${ranks} ranks of its all-to-all`,
      );
  }
  return null;
};

function hasSinks({ mixer }: LayerKind): boolean {
  return softmax.is(mixer) && mixer.sinks;
}

export const EXCHANGE_RULES: readonly Rule[] = [sinks, windows, wholeHeads];
