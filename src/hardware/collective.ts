import { type Collective, type LinkSpec, promisedBandwidth } from '../domain/link.ts';
import type { Coefficients } from './coefficients.ts';
import { networkRate } from './network-share.ts';
import type { Span } from './span.ts';

/**
 * Seconds of one collective over a span. `bytes` is the nccl-tests size: the whole buffer for all-reduce, the gathered
 * output for all-gather, the input for reduce-scatter, what one rank sends (its own share included) for all-to-all.
 */
export function collectiveSeconds(
  span: Span,
  collective: Collective,
  bytes: number,
  c: Coefficients,
): number {
  if (span.size <= 1 || bytes <= 0) return 0;
  if (span.domains === 1) return insideDomain(span.intra.intraNode, span, collective, span.size, bytes, c);
  return collective === 'allToAll' ? allToAllAcross(span, bytes, c) : ringAcross(span, collective, bytes, c);
}

/** Bytes on the wire over bytes of the buffer for a ring: bus over algorithm bandwidth (NVIDIA/nccl-tests, doc/PERFORMANCE.md). */
function busFactor(collective: Collective, n: number): number {
  return ((collective === 'allReduce' ? 2 : 1) * (n - 1)) / n;
}

function insideDomain(
  link: LinkSpec,
  span: Span,
  collective: Collective,
  n: number,
  bytes: number,
  c: Coefficients,
): number {
  const derating = collective === 'allToAll' ? 1 : c.intraNodeDerating;
  const curve = nearestCurve(link, collective, n);
  if (curve !== undefined) {
    const same = (bytes * busFactor(collective, n)) / busFactor(collective, curve.gpus);
    const wire = curve.here === true ? same : same / derating;
    let best = Number.POSITIVE_INFINITY;
    for (const line of curve.lines) best = Math.min(best, line.latency + wire / line.bandwidth);
    return best;
  }
  const hops = collective === 'allToAll' ? 1 : n - 1;
  return (
    link.latency * (1 + Math.log2(hops + 1)) +
    (bytes * busFactor(collective, n)) / (busBandwidth(link, span, collective, n) * derating)
  );
}

/** Bus bandwidth of a link without measured curves, bytes/s. */
function busBandwidth(link: LinkSpec, span: Span, collective: Collective, n: number): number {
  const flat = promisedBandwidth(link);
  if (link.topology === 'mesh') {
    const peers = Math.max(1, Math.min(span.intra.fastDomainGpus, span.intra.gpusPerNode) - 1);
    return flat * Math.min(1, (n - 1) / peers);
  }
  // What two reach is what host memory gives: all GPUs that are at it share that.
  if (link.topology === 'host') return (flat * 2) / Math.max(n, span.busy);
  const reduction = link.inSwitchReduction;
  if (collective === 'allReduce' && reduction !== null && n >= reduction.minGpus)
    return reduction.busBandwidth;
  return flat;
}

function nearestCurve(link: LinkSpec, collective: Collective, n: number) {
  let best: LinkSpec['collectives'][number] | undefined;
  for (const curve of link.collectives) {
    if (curve.collective !== collective) continue;
    if (best === undefined || distance(curve.gpus, n) < distance(best.gpus, n)) best = curve;
  }
  return best;
}

function distance(a: number, b: number): number {
  return Math.abs(Math.log2(a / b));
}

/** Bus bandwidth that the fast domain sustains for large messages, bytes/s; Infinity for one member per domain. */
function domainBus(span: Span, collective: Collective, c: Coefficients): number {
  if (span.perDomain === 1) return Number.POSITIVE_INFINITY;
  const large = 2 ** 30;
  const seconds = insideDomain(span.intra.intraNode, span, collective, span.perDomain, large, c);
  return (large * busFactor(collective, span.perDomain)) / seconds;
}

/**
 * Rings and trees over several domains: all NICs of a domain work for the one group; the slower of domain and network
 * sets the rate. With in-switch reduction a tree over two nodes crosses once: the cards of a node carry the buffer, and no more
 * (bus bandwidth 478 of 400 GB/s on two p5 nodes; 86 to 91 of 100 on two A100 nodes, which have none). Latency grows with
 * nodes: log2 for all-reduce, linear for rings (NCCL multi-node fits).
 */
function ringAcross(span: Span, collective: Collective, bytes: number, c: Coefficients): number {
  const nic = span.network;
  const tree = span.intra.intraNode.inSwitchReduction !== null && collective === 'allReduce';
  const once = tree && span.domains === 2 ? busFactor(collective, span.size) : 1;
  const network = span.perDomain * networkRate(span.share, c.networkDerating, bytes) * once;
  const bus = Math.min(domainBus(span, collective, c), network);
  const steps =
    collective === 'allReduce'
      ? nic.latencyPerDoubling * Math.log2(span.domains)
      : nic.latencyPerNode * (span.domains - 1);
  const latency = nic.latency + steps + span.extraLatency * (span.domains - 1);
  return latency + (bytes * busFactor(collective, span.size)) / bus;
}

/** All-to-all obeys the NIC: bytes that leave the domain per GPU at the GPU's share of the network. */
function allToAllAcross(span: Span, bytes: number, c: Coefficients): number {
  const leaving = (bytes * (span.size - span.perDomain)) / span.size;
  const network = leaving / networkRate(span.share, c.networkAllToAll, bytes);
  const staying = (bytes * span.perDomain) / span.size;
  const inside =
    span.perDomain > 1 ? insideDomain(span.intra.intraNode, span, 'allToAll', span.perDomain, staying, c) : 0;
  return started(span, span.size - span.perDomain) + Math.max(network, inside);
}

/**
 * All-to-all in two levels: inside each domain, then among the ranks of one place in theirs, one after the other. As many bytes leave a
 * domain, in as many times fewer messages as it has ranks (Tutel's 2DH, arXiv 2206.03382, appendix A).
 */
export function twoLevelAllToAll(span: Span, bytes: number, c: Coefficients): number {
  if (span.domains === 1 || span.perDomain === 1) return collectiveSeconds(span, 'allToAll', bytes, c);
  const inside = insideDomain(span.intra.intraNode, span, 'allToAll', span.perDomain, bytes, c);
  const leaving = (bytes * (span.domains - 1)) / span.domains;
  return (
    inside + started(span, span.domains - 1) + leaving / networkRate(span.share, c.networkAllToAll, bytes)
  );
}

/**
 * Seconds of one message to a peer in another domain: all-to-all of 32 MiB on 2 to 32 p5 nodes takes 702, 944, 1,151, 1,351 and 1,695 µs,
 * beyond its bytes at 44 GB/s 2.65 µs for each of 8, 24, 56, 120 and 248 peers (crazyguitar/aws-gpu-communication-benchmark@fd167f9).
 */
const MESSAGE = 2.65e-6;

/** What an exchange with so many peers over the network takes beside its bytes: with few of them what collectives there start with. */
function started({ network: nic, extraLatency, domains }: Span, peers: number): number {
  return nic.latency + extraLatency + Math.max(nic.latencyPerDoubling * Math.log2(domains), MESSAGE * peers);
}

/** Seconds to send `bytes` from one GPU to its peer in another stage. */
export function pointToPointSeconds(span: Span, bytes: number, c: Coefficients): number {
  if (bytes <= 0) return 0;
  if (span.domains === 1) {
    const link = span.intra.intraNode;
    const peers = link.topology === 'mesh' ? Math.max(1, span.intra.gpusPerNode - 1) : 1;
    // Two transfers at once are what a ring of two has.
    const shared = link.topology === 'host' ? Math.max(1, span.busy / 4) : 1;
    return c.pointToPointLatency + link.latency + bytes / (promisedBandwidth(link) / peers / shared);
  }
  const rate = networkRate(span.share, c.networkDerating, bytes);
  return c.pointToPointLatency + span.network.latency + span.extraLatency + bytes / rate;
}
