import type { GroupLink, MeasuredLinks, NodeGroup } from '../domain/cluster.ts';
import { InputError } from '../domain/input-error.ts';
import { promisedBandwidth } from '../domain/link.ts';
import type { ClusterDocument } from '../schema/cluster.ts';
import { nearest } from '../units/nearest.ts';
import type { Document } from './document.ts';
import { loadLink } from './links.ts';
import { quantityAt } from './quantity-at.ts';

/** A link of a cluster file: between two groups, or between each group of a site and each of another place. */
export function linksFrom(
  document: Document,
  doc: ClusterDocument,
  i: number,
  groups: readonly NodeGroup[],
): GroupLink[] {
  const at = `/links/${i}`;
  const link = doc.links![i]!;
  const [here, there] = ([0, 1] as const).map((end) =>
    placeAt(document, `${at}/between/${end}`, link.between[end]!, groups),
  ) as [number[], number[]];
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
  const way = {
    layer: link.layer ?? base?.layer ?? null,
    stated: true,
    bandwidthPerNode: stated ?? Number.POSITIVE_INFINITY,
    nominalPerNode:
      stated !== null || base === null
        ? Number.POSITIVE_INFINITY
        : promisedBandwidth(base) * (link.perNode ?? 1),
    sharedBandwidth: rate('sharedBandwidth') ?? Number.POSITIVE_INFINITY,
    latency:
      link.latency === undefined
        ? (base?.latency ?? 0)
        : quantityAt(document, `${at}/latency`, link.latency, 'time', false),
    provenance: base?.provenance ?? ('datasheet' as const),
  };
  const pairs = new Map<string, GroupLink>();
  for (const from of here)
    for (const to of there) {
      if (from === to && here.length + there.length > 2) continue;
      pairs.set([from, to].sort().join(), { from, to, ...way });
    }
  return [...pairs.values()];
}

/** The groups that one end of a link names: a group by its id, or all that stand at a site. */
function placeAt(document: Document, pointer: string, name: string, groups: readonly NodeGroup[]): number[] {
  const group = groups.find(({ id }) => id === name);
  if (group !== undefined) return [group.index];
  const there = groups.filter(({ site }) => site === name).map(({ index }) => index);
  if (there.length > 0) return there;
  const ids = groups.map(({ id }) => id);
  const sites = [...new Set(groups.flatMap(({ site }) => site ?? []))].filter((site) => !ids.includes(site));
  const near = nearest(name, [...ids, ...sites]);
  throw new InputError({
    message: `no group "${name}"`,
    expected: `one of ${ids.join(', ')}${sites.length > 0 ? `, or of the sites ${sites.join(', ')}` : ''}`,
    at: document.locate(pointer),
    ...(near === undefined ? {} : { hint: `Maybe "${near}".` }),
  });
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
