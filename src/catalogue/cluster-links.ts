import type { GroupLink, MeasuredLinks, NodeGroup } from '../domain/cluster.ts';
import { InputError } from '../domain/input-error.ts';
import type { ClusterDocument } from '../schema/cluster.ts';
import { nearest } from '../units/nearest.ts';
import type { Document } from './document.ts';
import { loadLink } from './links.ts';
import { quantityAt } from './quantity-at.ts';

/** A link between two groups of a cluster file. */
export function linkFrom(
  document: Document,
  doc: ClusterDocument,
  i: number,
  groups: readonly NodeGroup[],
): GroupLink {
  const at = `/links/${i}`;
  const link = doc.links![i]!;
  const groupAt = (end: 0 | 1) => {
    const id = link.between[end];
    const group = groups.find((g) => g.id === id);
    if (group !== undefined) return group.index;
    const ids = groups.map((g) => g.id);
    const near = nearest(id, ids);
    throw new InputError({
      message: `no group "${id}"`,
      expected: `one of ${ids.join(', ')}`,
      at: document.locate(`${at}/between/${end}`),
      ...(near === undefined ? {} : { hint: `Maybe "${near}".` }),
    });
  };
  const from = groupAt(0);
  const to = groupAt(1);
  const base = link.link === undefined ? null : loadLink(link.link);
  if (base === null && link.bandwidthPerNode === undefined && link.sharedBandwidth === undefined) {
    throw new InputError({
      message: `the link between ${link.between.join(' and ')} states no bandwidth`,
      expected: 'link, bandwidthPerNode or sharedBandwidth',
      at: document.locate(at),
    });
  }
  const rate = (key: 'bandwidthPerNode' | 'sharedBandwidth') =>
    link[key] === undefined ? null : quantityAt(document, `${at}/${key}`, link[key], 'bandwidth');
  const stated = rate('bandwidthPerNode');
  return {
    from,
    to,
    bandwidthPerNode: stated ?? Number.POSITIVE_INFINITY,
    nominalPerNode:
      stated !== null || base === null ? Number.POSITIVE_INFINITY : base.bandwidth * base.efficiency,
    sharedBandwidth: rate('sharedBandwidth') ?? Number.POSITIVE_INFINITY,
    latency:
      link.latency === undefined
        ? (base?.latency ?? 0)
        : quantityAt(document, `${at}/latency`, link.latency, 'time', false),
    provenance: base?.provenance ?? 'datasheet',
  };
}

/** The measured node-to-node tables of a cluster file. */
export function measuredFrom(
  document: Document,
  measured: NonNullable<ClusterDocument['measured']>,
  nodes: number,
): MeasuredLinks {
  const table = (key: 'bandwidth' | 'latency', dimension: 'bandwidth' | 'time') => {
    const rows = measured[key];
    if (rows === undefined) return null;
    if (rows.length !== nodes || rows.some((row) => row.length !== nodes)) {
      throw new InputError({
        message: `measured ${key} is ${rows.length} × ${rows[0]?.length}`,
        expected: `${nodes} × ${nodes}, a row and a column for each node`,
        at: document.locate(`/measured/${key}`),
      });
    }
    return rows.map((row, i) =>
      row.map((cell, j) => {
        if (i === j) return key === 'bandwidth' ? Number.POSITIVE_INFINITY : 0;
        const pointer = `/measured/${key}/${i}/${j}`;
        if (typeof cell === 'string')
          return quantityAt(
            document,
            pointer,
            cell,
            dimension,
            key === 'bandwidth',
            `measured ${key} from node ${i} to node ${j}`,
          );
        throw new InputError({
          message: `measured ${key} from node ${i} to node ${j} is ${String(cell)}`,
          expected: key === 'bandwidth' ? '"23 GB/s"' : '"12 us"',
          at: document.locate(pointer),
        });
      }),
    );
  };
  return { bandwidth: table('bandwidth', 'bandwidth')!, latency: table('latency', 'time') };
}
