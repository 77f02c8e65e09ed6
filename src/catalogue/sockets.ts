import type { LinkLayer, LinkSpec } from '../domain/link.ts';
import { loadLink } from './links.ts';

const ETHERNET = ['eth-10', 'eth-25', 'eth-40', 'eth-100', 'eth-200', 'eth-400'];

/** What one card of a link gives to TCP: what sockets reach on an Ethernet of the nearest rate. */
export function socketsOf(link: LinkSpec): LinkSpec {
  if (link.layer === 'tcp') return link;
  const apart = (one: LinkSpec) => Math.abs(Math.log(one.bandwidth / link.bandwidth));
  return ETHERNET.map(loadLink).reduce((best, one) => (apart(one) < apart(best) ? one : best));
}

/** A link that stands for its class where a file states no latency; its own file names the source. */
const CLASS: Readonly<Record<LinkLayer, string>> = {
  infiniband: 'ib-ndr400',
  roce: 'roce-400',
  efa: 'efa-p5',
  slingshot: 'slingshot-11',
  'omni-path': 'omni-path-100',
  tcp: 'eth-100',
};
/** What stands for the way between two sites of which a file says nothing. */
export const WAN = 'wan-same-continent';

/** Of a link that states no latency, by its layer and by whether it joins two sites. */
export function classOf(layer: LinkLayer, betweenSites: boolean): LinkSpec {
  return loadLink(betweenSites ? WAN : CLASS[layer]);
}
