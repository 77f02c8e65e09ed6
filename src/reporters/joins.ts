import type { Cluster } from '../domain/cluster.ts';
import { LAYER_NAMES } from '../domain/link.ts';
import type { JoinKind } from '../hardware/join-kinds.ts';
import { formatBandwidth, formatInteger, formatSeconds } from '../units/format.ts';

/** `west to east: TCP sockets, 1.40 GB/s a node, 10.0 GB/s in all, latency 18.0 ms, stated` */
export function joinWords({ groups }: Cluster, kind: JoinKind): string {
  const [[a, b], ...others] = kind.pairs as [readonly [number, number], ...JoinKind['pairs'][]];
  const [one, other] = [groups[a]!, groups[b]!];
  const layer = LAYER_NAMES[one.nic.link.layer!];
  const both = [layer, LAYER_NAMES[other.nic.link.layer!]];
  const words = [
    ...(kind.sameHosts ? ['same hosts'] : []),
    kind.transport === 'rdma'
      ? `RDMA (${layer})`
      : `TCP sockets${both[0] === both[1] ? '' : ` (${both.join(' and ')})`}`,
    `${formatBandwidth(kind.perNode)} a node`,
    ...(Number.isFinite(kind.shared) ? [`${formatBandwidth(kind.shared)} in all`] : []),
    `latency ${formatSeconds(kind.latency)}`,
    kind.by,
  ];
  const names = a === b ? `nodes of ${one.id}` : `${one.id} to ${other.id}`;
  const more =
    others.length === 0
      ? ''
      : ` and ${formatInteger(others.length)} more pair${others.length > 1 ? 's' : ''}`;
  return `${names}${more}: ${words.join(', ')}`;
}
