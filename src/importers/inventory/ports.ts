import { loadGpu } from '../../catalogue/gpus.ts';

/** A network port, and the words that said so; null: assumed. */
export interface Port {
  readonly link: string;
  readonly feature: string | null;
}

const KINDS: readonly (readonly [RegExp, string])[] = [
  [/^(ib|infiniband|edr|hdr|ndr|xdr)$/, 'ib'],
  [/^(roce|rocev2|rdma)$/, 'roce'],
  [/^(eth|ethernet|ge|gbe)$/, 'eth'],
];

/** Gb/s of the generations of InfiniBand. */
const GENERATIONS: Readonly<Record<string, string>> = { edr: '100', hdr: '200', ndr: '400', xdr: '800' };

/** Links of hardware-profiles/links by kind and Gb/s; HDR100 and NDR200 have half of a port's lanes. */
const BY_RATE: Readonly<Record<string, string>> = {
  ib100: 'ib-edr100',
  ib200: 'ib-hdr200',
  ib400: 'ib-ndr400',
  ib800: 'ib-xdr800',
  roce25: 'roce-25',
  roce100: 'roce-100',
  roce200: 'roce-200',
  roce400: 'roce-400',
  roce800: 'roce-800',
  eth10: 'eth-10',
  eth25: 'eth-25',
  eth40: 'eth-40',
  eth100: 'eth-100',
  eth200: 'eth-200',
  eth400: 'eth-400',
};

/** Fabrics that one word names, instance types of clouds among them. */
const BY_WORD: readonly (readonly [RegExp, string])[] = [
  [/^(slingshot|slingshot-?11|ss-?11|cxi)$/, 'slingshot-11'],
  [/^(opa|omni-?path)(-?100)?$/, 'omni-path-100'],
  [/^pollara(-?400)?$/, 'pollara-400'],
  [/^p4de?\b|^efa-p4d$/, 'efa-p4d'],
  [/^p5en\b|^efa-p5en$/, 'efa-p5en'],
  [/^p5\b|^efa-p5$/, 'efa-p5'],
  [/^p6-b200\b|^efa-p6-b200$/, 'efa-p6-b200'],
  [/^(a3-highgpu|tcpx$|gcp-tcpx$)/, 'gcp-tcpx'],
  [/^(a3-megagpu|tcpxo$|gcp-tcpxo$)/, 'gcp-tcpxo'],
];

/** The network as a host's features name it (ib400, hdr, roce-200, eth25, efa), else what such hosts are sold with. */
export function portOf(features: readonly string[], gpu: string): Port {
  for (const feature of features) {
    const link = linkOf(feature.toLowerCase(), gpu);
    if (link !== undefined) return { link, feature };
  }
  return { link: loadGpu(gpu).host.network.link, feature: null };
}

function linkOf(word: string, gpu: string): string | undefined {
  const named = BY_WORD.find(([pattern]) => pattern.test(word))?.[1];
  if (named !== undefined) return named;
  if (word === 'efa') return loadGpu(gpu).host.network.efa ?? undefined;
  const [, name = '', rate = GENERATIONS[name]] =
    /^([a-z]+(?:v2)?)[-_]?(\d+)?(?:g|gb|gbe|gbps)?$/.exec(word) ?? [];
  const [, leading] = /^(\d+)gbe$/.exec(word) ?? [];
  const kind = leading === undefined ? KINDS.find(([pattern]) => pattern.test(name))?.[1] : 'eth';
  return kind === undefined ? undefined : BY_RATE[`${kind}${leading ?? rate}`];
}
