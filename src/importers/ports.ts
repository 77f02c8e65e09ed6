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

/** `efa` alone: the ports of the instances that have such GPUs. */
const EFA: readonly (readonly [RegExp, string])[] = [
  [/^a100/, 'efa-p4d'],
  [/^h100/, 'efa-p5'],
  [/^h200/, 'efa-p5en'],
  [/^b200/, 'efa-p6-b200'],
];

/** Ports a node where the link's own name says so (hardware-profiles/links). */
const PORTS: Readonly<Record<string, number>> = {
  'efa-p4d': 4,
  'efa-p5': 32,
  'efa-p5en': 16,
  'efa-p6-b200': 8,
  'gcp-tcpx': 4,
  'gcp-tcpxo': 8,
};

/** The network as a host's features name it (ib400, hdr, roce-200, eth25, efa), else what such hosts are sold with. */
export function portOf(features: readonly string[], gpu: string): Port {
  for (const feature of features) {
    const link = linkOf(feature.toLowerCase(), gpu);
    if (link !== undefined) return { link, feature };
  }
  if (/^gaudi/.test(gpu)) return { link: 'gaudi-roce', feature: null };
  if (/^(b300|gb300)/.test(gpu)) return { link: 'ib-xdr800', feature: null };
  if (/^(h|b|g|mi3)/.test(gpu)) return { link: 'ib-ndr400', feature: null };
  if (/^mi250x/.test(gpu)) return { link: 'slingshot-11', feature: null };
  if (/^(a100|a800|mi2)/.test(gpu)) return { link: 'ib-hdr200', feature: null };
  return { link: 'eth-25', feature: null };
}

function linkOf(word: string, gpu: string): string | undefined {
  const named = BY_WORD.find(([pattern]) => pattern.test(word))?.[1];
  if (named !== undefined) return named;
  if (word === 'efa') return EFA.find(([pattern]) => pattern.test(gpu))?.[1];
  const [, name = '', rate = GENERATIONS[name]] =
    /^([a-z]+(?:v2)?)[-_]?(\d+)?(?:g|gb|gbe|gbps)?$/.exec(word) ?? [];
  const [, leading] = /^(\d+)gbe$/.exec(word) ?? [];
  const kind = leading === undefined ? KINDS.find(([pattern]) => pattern.test(name))?.[1] : 'eth';
  return kind === undefined ? undefined : BY_RATE[`${kind}${leading ?? rate}`];
}

/** One card a GPU in data-centre hosts with a switch, one for two dies of an MI250X, one a host elsewhere. */
export function usualCards(gpu: string, gpus: number, link: string): number {
  const ports = PORTS[link];
  if (ports !== undefined) return ports;
  if (gpu === 'mi250x-gcd') return Math.max(1, Math.floor(gpus / 2));
  return /^(a100-\d+-sxm|a800|h|b[23]|gb|gh|mi3|mi250x|gaudi)/.test(gpu) ? gpus : 1;
}
