import type { LinkLayer } from '../domain/link.ts';
import { loadGpu } from './gpus.ts';
import { listLinks, loadLink } from './links.ts';

/** What is taken for a bare word of people: hosts of this GPU. */
const USUAL = 'h100-sxm';

/** Words that stand for a layer, whatever the rate. */
const LAYERS: readonly (readonly [RegExp, string, LinkLayer])[] = [
  [/^(infiniband|ib)(?![a-z])/, 'ib', 'infiniband'],
  [/^(rocev2|roce|rdma)(?![a-z])/, 'roce', 'roce'],
  [/^(ethernet|eth|gbe|ge)(?![a-z])/, 'eth', 'tcp'],
];

/** `IB-200`, `infiniband400`, `100GbE`, `ss-11`: lower case without separators and unit, the layer's word first. */
function plainOf(word: string): string {
  const joined = word.toLowerCase().replaceAll(/[-_ ]/g, '');
  const turned = joined.replace(/^(\d+)(?:gbe|ge)$/, 'eth$1').replace(/(\d)(?:g|gb|gbe|gbps|gbits?)$/, '$1');
  const layer = LAYERS.find(([pattern]) => pattern.test(turned));
  return layer === undefined ? turned : turned.replace(layer[0], layer[1]);
}

/** Links that a word names, with its rate; none: it names no link. */
export function linksCalled(word: string): string[] {
  const plain = plainOf(word);
  return listLinks().filter((id) => id === word || loadLink(id).names.includes(plain));
}

/** Links whose layer a word names, which says no rate: `infiniband`, `roce`. */
export function linksOfLayer(word: string): string[] {
  const plain = plainOf(word);
  const layer = LAYERS.find(([, short]) => short === plain)?.[2];
  if (layer === undefined) return [];
  return listLinks().filter((id) => loadLink(id).names.some((name) => name.startsWith(plain)));
}

/** Links whose devices a name can be one of: `rdmap79s0` is EFA, `mlx5_0` says nothing. */
export function linksOfDevice(device: string): string[] {
  return listLinks().filter((id) => loadLink(id).devices.some((begin) => device.startsWith(begin)));
}

/**
 * Which of the links hosts of a GPU have: the ones that they are sold with, else the fastest that is no faster, else the
 * slowest. So many ports of a host may tell the type of instance: 32 are those of a p5, whatever the GPU.
 */
export function usualOf(links: readonly string[], gpu: string, ports: number | null = null): string {
  const { efa, link: sold } = loadGpu(gpu).host.network;
  const told = links.filter((id) => ports !== null && loadLink(id).portsPerNode === ports);
  if (efa !== null && links.includes(efa) && (told.length === 0 || told.includes(efa))) return efa;
  if (told.length > 0) return told.includes(sold) ? sold : told[0]!;
  if (links.includes(sold)) return sold;
  const rate = (id: string) => loadLink(id).bandwidth;
  const sorted = links.toSorted((a, b) => rate(b) - rate(a));
  return sorted.find((id) => rate(id) <= rate(sold)) ?? sorted.at(-1)!;
}

/** The id of what a word of people names: `ndr`, `infiniband`; the word itself where it names nothing. */
export function linkId(word: string): string {
  if (listLinks().includes(word)) return word;
  const called = linksCalled(word);
  const found = called.length > 0 ? called : linksOfLayer(word);
  return found.length === 0 ? word : usualOf(found, USUAL);
}

/** The slowest link of the same layer that tools have a name for and that carries a rate, bytes/s; the link itself where none is slower. */
export function slowestCarrying(link: string, rate: number): string {
  const { layer, bandwidth } = loadLink(link);
  const alike = listLinks()
    .map(loadLink)
    .filter((one) => one.layer === layer && one.names.length > 0 && one.portsPerNode === null)
    .filter((one) => one.bandwidth >= rate && one.bandwidth < bandwidth)
    .toSorted((a, b) => a.bandwidth - b.bandwidth);
  return alike[0]?.id ?? link;
}
