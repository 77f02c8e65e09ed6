import { type Cluster, deviceCount, type MeasuredLinks, type NodeGroup } from '../domain/cluster.ts';
import { COLLECTIVES, LAYER_NAMES } from '../domain/link.ts';
import { joinKinds } from '../hardware/join-kinds.ts';
import type { ClusterReport } from '../schema/cluster-report.ts';
import { digits, formatBandwidth, formatBytes, formatInteger, formatSeconds } from '../units/format.ts';
import { wrap } from '../units/wrap.ts';
import { joinWords } from './joins.ts';
import { fitting, grid, painter, type Style } from './paint.ts';

export function clusterDocument(cluster: Cluster, sha256: string): ClusterReport {
  const named = (index: number) => cluster.groups[index]!.id;
  return {
    schema: 'shardwright.cluster-report/1',
    sha256,
    gpus: deviceCount(cluster),
    cluster: { ...cluster },
    joins: joinKinds(cluster).map(({ pairs, transport, sameHosts, by, perNode, shared, latency }) => ({
      pairs: pairs.map(([a, b]) => [named(a), named(b)]),
      transport,
      sameHosts,
      by,
      bytesPerSecondPerNode: perNode,
      sharedBytesPerSecond: Number.isFinite(shared) ? shared : null,
      latencySeconds: latency,
    })),
  };
}

/** Rows and lines of each part; the document has all. */
const MOST = 24;

export function clusterTable(cluster: Cluster, style: Style): string {
  const parts = [
    cluster.groups.length > 1 ? joinKinds(cluster).map((kind) => joinWords(cluster, kind)) : [],
    [...cluster.groups.flatMap(toldOf), ...measuredWords(cluster.measured)],
    cluster.assumptions.map((text) => `Assumed: ${text}.`),
  ];
  return [
    painter(style).bold(`${cluster.name}: ${formatInteger(deviceCount(cluster))} GPUs`),
    '',
    groupTable(cluster.groups.slice(0, MOST), style),
    ...moreOf(cluster.groups, 'groups'),
    ...parts
      .filter((lines) => lines.length > 0)
      .flatMap((lines) => [
        '',
        ...lines.slice(0, MOST).map((line) => wrap(line, style.columns)),
        ...moreOf(lines, 'lines'),
      ]),
    '',
  ].join('\n');
}

function moreOf({ length }: readonly unknown[], what: string): string[] {
  return length > MOST ? [`… and ${formatInteger(length - MOST)} more ${what} (--json has all)`] : [];
}

function groupTable(groups: readonly NodeGroup[], { columns }: Style): string {
  const head = ['group', 'GPUs', 'memory', 'inside a node', 'network', 'kernels'];
  const table = (most: number, gap: string, layerGap = gap) =>
    grid(
      head.slice(0, most),
      groups.map((group) => rowOf(group, gap, layerGap).slice(0, most)),
    );
  const narrow = [table(5, ' '), table(5, ' ', '\n'), table(5, '\n')];
  return fitting(columns, ...(columns < 100 ? [] : [table(6, ' ')]), ...narrow);
}

function rowOf(group: NodeGroup, gap: string, layerGap: string): string[] {
  const { id, nodes, gpusPerNode, gpu, intraNode, nic } = group;
  return [
    id,
    `${nodes} × ${gpusPerNode} ${gpu.id}`,
    formatBytes(gpu.memoryBytes),
    `${intraNode.id}${gap}${formatBandwidth(intraNode.bandwidth)}`,
    nic.unstated === true
      ? 'not stated'
      : [
          `${nic.perNode} × ${nic.link.id}${gap}${formatBandwidth(nic.measured ?? nic.link.bandwidth)}${nic.measured === null ? '' : ' measured'}`,
          `${LAYER_NAMES[nic.link.layer!]}${nic.fabric === null ? '' : ` ${nic.fabric}`}`,
        ].join(layerGap),
    gpu.provenance.gemm,
  ];
}

/** What a group has beside its row. */
function toldOf({ id, gpu, powerCapWatts, intraNode }: NodeGroup): string[] {
  const named = COLLECTIVES.flatMap((name) => {
    const of = intraNode.collectives.filter(({ collective, here }) => here === true && collective === name);
    return of.length === 0 ? [] : [`${name} of ${of.map(({ gpus }) => gpus).join(', ')} GPUs`];
  });
  return [
    ...(powerCapWatts === null
      ? []
      : [`${id}: power capped at ${digits(powerCapWatts)} W of ${digits(gpu.powerWatts)} W a GPU`]),
    ...(named.length === 0 ? [] : [`${id}: collectives measured inside a node: ${named.join('; ')}`]),
  ];
}

function measuredWords(measured: MeasuredLinks | undefined): string[] {
  if (measured === undefined) return [];
  const { bandwidth, latency, perFlow } = measured;
  const words = [
    `${rangeOf(bandwidth, formatBandwidth)} a node`,
    ...(perFlow === null ? [] : [`${rangeOf(perFlow, formatBandwidth)} one flow alone`]),
    ...(latency === null ? [] : [`latency ${rangeOf(latency, formatSeconds)}`]),
  ];
  return [`measured between each two of ${bandwidth.length} nodes: ${words.join('; ')}`];
}

/** Of the pairs of unlike nodes. */
function rangeOf(rows: MeasuredLinks['bandwidth'], format: (value: number) => string): string {
  const all = rows.flatMap((row, i) => row.filter((_, j) => i !== j)).sort((a, b) => a - b);
  if (all.length === 0) return 'nothing';
  const [least, median, most] = [all[0]!, all[all.length >> 1]!, all.at(-1)!].map(format);
  return least === most ? least! : `${least} to ${most} (median ${median})`;
}
