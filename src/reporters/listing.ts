import type { Cluster } from '../domain/cluster.ts';
import { deviceCount } from '../domain/cluster.ts';
import type { ModelSpec } from '../domain/model.ts';
import { moduleOf, partsOf } from '../layers/layer.ts';
import { countParameters, flopsPerToken, sumOfLayer } from '../layers/parameters.ts';
import type { ClusterReport } from '../schema/cluster-report.ts';
import type { ModelReport } from '../schema/model-report.ts';
import { formatBandwidth, formatBytes, formatCount, formatInteger, formatSeconds } from '../units/format.ts';
import { fitting, grid, painter, type Style, wrap } from './paint.ts';

/** The sequence length FLOPs are quoted at when the model states none. */
const USUAL_SEQUENCE = 4096;

export function modelDocument(model: ModelSpec, sha256: string): ModelReport {
  const parameters = countParameters(model);
  const sequenceLength = Math.min(model.maxSequenceLength ?? USUAL_SEQUENCE, USUAL_SEQUENCE);
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
  const rows: string[][] = [['embedding', formatInteger(p.embedding)]];
  if (p.positions > 0) rows.push(['learned positions', formatInteger(p.positions)]);
  for (const { name, layers, perLayer } of p.kinds) {
    rows.push([`${layers} × ${name} layer`, formatInteger(layers * sumOfLayer(perLayer))]);
    for (const [part, count] of Object.entries(perLayer))
      if (count > 0) rows.push([`  ${part} per layer`, formatInteger(count)]);
  }
  rows.push(
    ['final norm', formatInteger(p.finalNorm)],
    ['LM head', p.lmHead === 0 ? 'tied' : formatInteger(p.lmHead)],
    ['total', formatInteger(p.total)],
  );
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
      `${model.layers.length} layers, hidden ${model.hiddenSize}, vocabulary ${model.vocabSize}; layers of ${[...new Set(parts)].join('; ')}`,
      style.columns,
    ),
    '',
    grid(['parameters', 'count'], rows, [1]),
    '',
    `${formatCount(flops)}FLOP per token, forward and backward, at sequence ${sequenceLength} (causal)`,
    '',
  ].join('\n');
}

export function clusterDocument(cluster: Cluster, sha256: string): ClusterReport {
  return {
    schema: 'shardwright.cluster-report/1',
    sha256,
    gpus: deviceCount(cluster),
    cluster: { ...cluster },
  };
}

export function clusterTable(cluster: Cluster, style: Style): string {
  const rowsWith = (gap: string) =>
    cluster.groups.map((g) => [
      g.id,
      `${g.nodes} × ${g.gpusPerNode} ${g.gpu.id}`,
      formatBytes(g.gpu.memoryBytes),
      `${g.intraNode.id}${gap}${formatBandwidth(g.intraNode.bandwidth)}`,
      g.nodes > 1 || cluster.groups.length > 1
        ? `${g.nic.perNode} × ${g.nic.link.id}${gap}${formatBandwidth(g.nic.measured ?? g.nic.link.bandwidth)}${g.nic.measured === null ? '' : ' measured'}`
        : 'none',
      `${g.gpu.provenance.gemm}`,
    ]);
  const head = ['group', 'GPUs', 'memory', 'inside a node', 'network', 'kernels'];
  const table = (gap: string, most: number) =>
    grid(
      head.slice(0, most),
      rowsWith(gap).map((row) => row.slice(0, most)),
    );
  const links = cluster.links.map((link) => {
    const [from, to] = [cluster.groups[link.from]!.id, cluster.groups[link.to]!.id];
    const perNode = Math.min(link.bandwidthPerNode, link.nominalPerNode);
    const rate = [
      Number.isFinite(perNode) ? `${formatBandwidth(perNode)} a node` : '',
      Number.isFinite(link.sharedBandwidth) ? `${formatBandwidth(link.sharedBandwidth)} in all` : '',
    ];
    return `${from} to ${to}: ${rate.filter((r) => r !== '').join(', ')}, latency ${formatSeconds(link.latency)}${link.provenance === 'assumed' ? ', assumed' : ''}`;
  });
  return [
    painter(style).bold(`${cluster.name}: ${formatInteger(deviceCount(cluster))} GPUs`),
    '',
    fitting(style.columns, ...(style.columns < 100 ? [] : [table(' ', 6)]), table(' ', 5), table('\n', 5)),
    ...(links.length > 0 ? ['', ...links.map((link) => wrap(link, style.columns))] : []),
    ...(cluster.assumptions.length > 0
      ? ['', ...cluster.assumptions.map((a) => wrap(`Assumed: ${a}.`, style.columns))]
      : []),
    '',
  ].join('\n');
}
