import type { GroupLink, MeasuredLinks, NodeGroup } from '../domain/cluster.ts';
import { InputError } from '../domain/input-error.ts';
import { LAYER_NAMES, type LinkLayer, type LinkSpec, promisedBandwidth } from '../domain/link.ts';
import type { ClusterDocument } from '../schema/cluster.ts';
import { CLUSTER_RANGES } from '../schema/ranges.ts';
import { formatSeconds } from '../units/format.ts';
import { nearest } from '../units/nearest.ts';
import type { Document } from './document.ts';
import { placeOf } from './joins.ts';
import { loadLink } from './links.ts';
import { refuseFastLink } from './physical.ts';
import { quantityAt } from './quantity-at.ts';
import { classOf } from './sockets.ts';

type LinkDocument = NonNullable<ClusterDocument['links']>[number];

/** The links of a cluster file; what they leave out goes to `assumptions`. */
export function linksFrom(
  document: Document,
  doc: ClusterDocument,
  groups: readonly NodeGroup[],
  assumptions: string[],
): GroupLink[] {
  const told = new Set<string>();
  const links = (doc.links ?? []).map((link, i) => linkFrom(document, link, i, groups, told));
  assumptions.push(...told);
  const seen = new Map<string, number>();
  for (const [i, pairs] of links.entries())
    for (const { from, to } of pairs) {
      const key = [from, to].sort().join();
      if (seen.has(key))
        throw new InputError({
          message: `a second link between ${groups[from]!.id} and ${groups[to]!.id}`,
          expected: 'one for each pair of groups',
          at: document.locate(`/links/${i}`),
          hint: `The first is at ${document.locate(`/links/${seen.get(key)}`)}.`,
        });
      seen.set(key, i);
    }
  return links.flat();
}

/** A link between two groups, or between each group of a site and each of another place. */
function linkFrom(
  document: Document,
  link: LinkDocument,
  i: number,
  groups: readonly NodeGroup[],
  told: Set<string>,
): GroupLink[] {
  const at = `/links/${i}`;
  const name = `the link between ${link.between.join(' and ')}`;
  const [here, there] = ([0, 1] as const).map((end) =>
    placeAt(document, `${at}/between/${end}`, link.between[end]!, groups),
  ) as [number[], number[]];
  const kind = kindOf(document, link, at);
  if (kind === null && link.bandwidthPerNode === undefined && link.sharedBandwidth === undefined) {
    throw new InputError({
      message: `${name} states no bandwidth`,
      expected: 'link, bandwidthPerNode or sharedBandwidth',
      at: document.locate(at),
    });
  }
  const rate = (key: 'bandwidthPerNode' | 'sharedBandwidth' | 'perFlow') =>
    link[key] === undefined
      ? Number.POSITIVE_INFINITY
      : quantityAt(
          document,
          `${at}/${key}`,
          link[key],
          'bandwidth',
          CLUSTER_RANGES[`links.${key}`],
          `${key} of ${name}`,
        );
  const bandwidthPerNode = rate('bandwidthPerNode');
  const stated = bandwidthPerNode < Number.POSITIVE_INFINITY;
  const way = {
    layer: link.layer ?? kind?.layer ?? null,
    kind: stated ? null : kind,
    stated: true,
    bandwidthPerNode,
    nominalPerNode:
      stated || kind === null ? Number.POSITIVE_INFINITY : promisedBandwidth(kind) * (link.perNode ?? 1),
    sharedBandwidth: rate('sharedBandwidth'),
    perFlow: link.perFlow === undefined && kind?.perFlow ? kind.perFlow : rate('perFlow'),
    provenance: kind?.provenance ?? ('datasheet' as const),
  };
  const latency =
    link.latency === undefined
      ? (kind?.latency ?? null)
      : quantityAt(
          document,
          `${at}/latency`,
          link.latency,
          'time',
          CLUSTER_RANGES['links.latency'],
          `latency of ${name}`,
        );
  const pairs = new Map<string, GroupLink>();
  for (const from of here)
    for (const to of there) {
      if (from === to && here.length + there.length > 2) continue;
      const ends = [groups[from]!, groups[to]!] as const;
      refuseFastLink(document, at, bandwidthPerNode, ends);
      const layer = layerBetween(document, at, name, ends, way.layer);
      if (way.layer === null && layer !== 'tcp') told.add(`${name} states no layer: ${LAYER_NAMES[layer]}`);
      const usual = classOf(layer, ends[0].site !== ends[1].site);
      if (latency === null)
        told.add(
          `the link between ${endOf(ends[0], ends[1])} and ${endOf(ends[1], ends[0])} states no latency: ${formatSeconds(usual.latency)}, as of ${usual.id}`,
        );
      pairs.set([from, to].sort().join(), { from, to, ...way, layer, latency: latency ?? usual.latency });
    }
  return [...pairs.values()];
}

function endOf(one: NodeGroup, other: NodeGroup): string {
  return one.site === other.site ? one.id : placeOf(one);
}

function kindOf(document: Document, link: LinkDocument, at: string): LinkSpec | null {
  if (link.link === undefined) return null;
  const kind = loadLink(link.link);
  if (kind.layer === null)
    throw new InputError({
      message: `link "${kind.id}" is not a network`,
      expected: 'InfiniBand, RoCE, Ethernet, …',
      at: document.locate(`${at}/link`),
    });
  if (link.layer !== undefined && link.layer !== kind.layer)
    throw new InputError({
      message: `layer is "${link.layer}", and ${kind.id} is ${kind.layer}`,
      expected: `no layer, or ${kind.layer}`,
      at: document.locate(`${at}/layer`),
    });
  return kind;
}

/** What a link speaks; where the file does not say: what both ends' cards do inside a site, TCP between two. */
function layerBetween(
  document: Document,
  at: string,
  name: string,
  ends: readonly [NodeGroup, NodeGroup],
  stated: LinkLayer | null,
): LinkLayer {
  const [one, other] = ends.map(({ nic }) => nic.link.layer!) as [LinkLayer, LinkLayer];
  if (stated === null) return one === other && ends[0].site === ends[1].site ? one : 'tcp';
  const odd = ends.find(({ nic }) => stated !== 'tcp' && nic.link.layer !== stated);
  if (odd !== undefined)
    throw new InputError({
      message: `${name} is ${LAYER_NAMES[stated]}, and the cards of ${odd.id} are ${LAYER_NAMES[odd.nic.link.layer!]}`,
      expected:
        one === other ? `a link of ${LAYER_NAMES[one]} or TCP` : 'a link of TCP: no other joins the two',
      at: document.locate(at),
      hint: 'Maybe link: eth-100, or layer: tcp.',
    });
  return stated;
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
  const table = (key: 'bandwidth' | 'latency' | 'perFlow', dimension: 'bandwidth' | 'time') => {
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
        if (i === j) return key === 'latency' ? 0 : Number.POSITIVE_INFINITY;
        const pointer = `/measured/${key}/${i}/${j}`;
        if (typeof cell === 'string')
          return quantityAt(
            document,
            pointer,
            cell,
            dimension,
            CLUSTER_RANGES[`measured.${key}`],
            `measured ${key} from node ${i} to node ${j}`,
          );
        throw new InputError({
          message: `measured ${key} from node ${i} to node ${j} is ${String(cell)}`,
          expected: key === 'latency' ? '"12 us"' : '"23 GB/s"',
          at: document.locate(pointer),
        });
      }),
    );
  };
  return {
    bandwidth: table('bandwidth', 'bandwidth')!,
    latency: table('latency', 'time'),
    perFlow: table('perFlow', 'bandwidth'),
  };
}
