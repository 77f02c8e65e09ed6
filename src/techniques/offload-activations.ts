import { copyRate, hostOf } from '../hardware/host.ts';
import type { Operator } from '../layers/operator.ts';
import { Misread } from './misread.ts';
import { percentMeant } from './percent.ts';
import { type StageContext, technique } from './technique.ts';
import type { LayerAmounts, PassTraffic } from './traffic.ts';

/**
 * A fraction of what a micro-batch keeps of each layer for backward goes down to the host after the layer's forward and comes up
 * before its backward, beside the passes of others: Megatron's fine-grained activation offloading, torchtune's. With
 * recomputation only what that keeps moves.
 */
export const offloadActivations = technique<number>({
  id: 'offload-activations',
  aliases: [],
  within: { key: 'offload', name: 'activations', such: '1' },
  allowedAs: 'offload',
  off: 0,
  schema: { type: 'number', minimum: 0, maximum: 1 },
  affects: 'layer',
  parse: (text) =>
    /^\d*\.?\d+$/.test(text) && Number(text) <= 1
      ? Number(text)
      : new Misread('a fraction from 0 to 1', percentMeant(text)),
  format: String,
  name: 'offloaded activations',
  words: (fraction) => (fraction === 0 ? 'none' : fraction === 1 ? 'all' : String(fraction)),
  choices: (_, __, asked) => (asked === undefined ? [0, 1] : [asked]),
  layer: (fraction, operators) =>
    fraction === 0 ? [...operators] : operators.map((one) => moved(one, fraction)),
  passTraffic,
  devices: (fraction) => (fraction === 0 ? [] : ['host']),
});

function moved(operator: Operator, fraction: number): Operator {
  if (operator.logits === true) return operator;
  const saved = operator.saved.flatMap((tensor) =>
    tensor.dropped === true
      ? [tensor]
      : [
          { ...tensor, bytes: tensor.bytes * (1 - fraction) },
          { ...tensor, bytes: tensor.bytes * fraction, offloaded: true },
        ],
  );
  return { ...operator, saved };
}

function passTraffic(fraction: number, layer: LayerAmounts, { group, c }: StageContext): PassTraffic[] {
  if (fraction === 0) return [];
  const seconds = layer.kept.offloaded / copyRate(hostOf(group), c);
  return [
    { pass: 'forward', seconds, hideable: 1, copied: true },
    { pass: 'backward', seconds, hideable: 1, copied: true },
  ];
}
