import type { ModelSpec } from '../domain/model.ts';
import { moduleOf, partsOf } from '../layers/layer.ts';
import { countParameters, flopsPerToken, sumOfLayer } from '../layers/parameters.ts';
import { allTowers, PROJECTOR, towerParameters } from '../layers/towers.ts';
import type { ModelReport } from '../schema/model-report.ts';
import { formatCount, formatInteger } from '../units/format.ts';
import { wrap } from '../units/wrap.ts';
import { grid, painter, type Style } from './paint.ts';

/** The sequence length FLOPs are quoted at when the model states none. */
const USUAL_SEQUENCE = 4096;

export function modelDocument(model: ModelSpec, sha256: string): ModelReport {
  const parameters = countParameters(model);
  const most = model.unit === undefined ? USUAL_SEQUENCE : 1;
  const sequenceLength = Math.min(model.maxSequenceLength ?? most, most);
  return {
    schema: 'shardwright.model-report/1',
    sha256,
    model: { ...model },
    parameters: {
      ...parameters,
      kinds: parameters.kinds.map((kind) => ({ ...kind, perLayer: { ...kind.perLayer } })),
    },
    sequenceLength,
    flopsPerToken: flopsPerToken(model, sequenceLength),
  };
}

export function modelTable(model: ModelSpec, style: Style): string {
  const p = countParameters(model);
  const { sequenceLength, flopsPerToken: flops } = modelDocument(model, '');
  const ends = model.vocabSize > 0;
  const rows: string[][] = ends ? [['embedding', formatInteger(p.embedding)]] : [];
  if (p.positions > 0) rows.push(['learned positions', formatInteger(p.positions)]);
  if (p.embeddingNorm > 0) rows.push(['embedding norm', formatInteger(p.embeddingNorm)]);
  for (const { name, layers, perLayer } of p.kinds) {
    if (layers === 0) continue;
    rows.push([`${layers} × ${name} layer`, formatInteger(layers * sumOfLayer(perLayer))]);
    for (const [part, count] of Object.entries(perLayer))
      if (count > 0) rows.push([`  ${part} per layer`, formatInteger(count)]);
  }
  if (ends)
    rows.push(
      ['final norm', formatInteger(p.finalNorm)],
      ['LM head', p.lmHead === 0 ? 'tied' : formatInteger(p.lmHead)],
    );
  rows.push(['total', formatInteger(p.total)]);
  for (const tower of model.towers ?? []) {
    const count = towerParameters(tower);
    rows.push([
      tower.name === PROJECTOR ? 'projector (beside)' : `${tower.name} tower (beside)`,
      count === null
        ? `not counted: ${tower.name === PROJECTOR ? `that of ${tower.kind}` : tower.kind}`
        : formatInteger(count),
    ]);
  }
  if (model.towers?.every((tower) => towerParameters(tower) !== null) === true)
    rows.push(['total with them', formatInteger(p.total + allTowers(model))]);
  if (p.active !== p.total) rows.push(['active per token', formatInteger(p.active)]);
  if (p.multiTokenPrediction > 0)
    rows.push(
      ['multi-token prediction (extra)', formatInteger(p.multiTokenPrediction)],
      ['  stored with it, shared in training', formatInteger(p.storedCopies)],
    );
  const parts = model.kinds.flatMap((kind) => partsOf(kind).map((part) => moduleOf(part).describe(part)));
  return [
    painter(style).bold(`${model.name} (${model.family})`),
    wrap(
      `${model.layers.length} layers, ${ends ? `hidden ${model.hiddenSize}, vocabulary ${model.vocabSize}; ` : ''}layers of ${[...new Set(parts)].join('; ')}`,
      style.columns,
    ),
    '',
    grid(['parameters', 'count'], rows, [1]),
    '',
    model.unit === undefined
      ? `${formatCount(flops)}FLOP per token, forward and backward, at sequence ${sequenceLength} (causal)`
      : `${formatCount(flops)}FLOP per sample, forward and backward`,
    '',
  ].join('\n');
}
