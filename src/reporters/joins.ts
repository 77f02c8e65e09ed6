import type { Cluster, NodeGroup } from '../domain/cluster.ts';
import { LAYER_NAMES, promisedBandwidth } from '../domain/link.ts';
import type { JoinKind } from '../hardware/join-kinds.ts';
import { formatBandwidth, formatInteger, formatSeconds } from '../units/format.ts';

/** `west to east: TCP sockets, 1.40 GB/s a node, 10.0 GB/s in all, latency 18.0 ms, stated` */
export function joinWords({ groups }: Cluster, kind: JoinKind): string {
  const [[a, b], ...others] = kind.pairs as [readonly [number, number], ...JoinKind['pairs'][]];
  const [one, other] = [groups[a]!, groups[b]!];
  const layer = LAYER_NAMES[one.nic.link.layer!];
  const both = [layer, LAYER_NAMES[other.nic.link.layer!]];
  const between = [
    kind.transport === 'rdma'
      ? `RDMA (${layer})`
      : `TCP sockets${both[0] === both[1] ? '' : ` (${both.join(' and ')})`}`,
    `${formatBandwidth(kind.perNode)} a node`,
    ...(Number.isFinite(kind.shared) ? [`${formatBandwidth(kind.shared)} in all`] : []),
    `latency ${formatSeconds(kind.latency)}`,
    kind.by,
  ];
  const bus = kind.sameHosts ? busWords(one, other) : null;
  // On one host nothing goes over its network cards.
  const words = bus === null ? between : one.nodes === 1 && other.nodes === 1 ? [bus] : [bus, ...between];
  const names = a === b ? `nodes of ${one.id}` : `${one.id} to ${other.id}`;
  const more =
    others.length === 0
      ? ''
      : ` and ${formatInteger(others.length)} more pair${others.length > 1 ? 's' : ''}`;
  return `${names}${more}: ${words.join(', ')}`;
}

/** `same hosts over pcie4-x16-nop2p`: the slower of what joins the GPUs of each to others of its hosts. */
function busWords(one: NodeGroup, other: NodeGroup): string {
  const [a, b] = [one.shared!.bus, other.shared!.bus];
  return `same hosts over ${promisedBandwidth(a) <= promisedBandwidth(b) ? a.id : b.id}`;
}
