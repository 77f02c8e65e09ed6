import type { TopologyFact } from '../facts/facts.ts';
import type { LikeHosts } from './host-index.ts';
import { cut } from './topology-match.ts';

/** Like hosts, or one of the islands that NVLink or XGMI makes of their GPUs. */
export interface Island {
  readonly like: LikeHosts;
  readonly topology: TopologyFact | null;
  /** GPUs of a whole host. */
  readonly gpusOfHost: number;
}

/** Islands of one size are groups of their own on the same hosts, joined by the bus; otherwise the hosts stay whole. */
export function islandsOf(like: LikeHosts, topology: TopologyFact | null): Island[] {
  const { fact } = like.sources[0]!;
  const gpusOfHost = fact.among?.gpus ?? fact.gpusPerHost;
  const islands = topology?.mesh === 'islands' ? componentsOf(topology.links) : [];
  const size = islands[0]?.length ?? 0;
  if (topology === null || size < 2 || islands.some(({ length }) => length !== size))
    return [{ like, topology, gpusOfHost }];
  const hosts = like.hosts.length > 0 ? like.hosts : madeUpNames(fact.gpuName ?? 'gpu', like.nodes);
  const sources = like.sources.map((one) => ({ ...one, fact: { ...one.fact, gpusPerHost: size } }));
  return islands.map((places) => ({
    like: { ...like, hosts, sources },
    topology: cut(topology, places),
    gpusOfHost,
  }));
}

/** Groups stand on the same hosts by name, so that hosts without one get it. */
function madeUpNames(gpu: string, nodes: number): string[] {
  const word = gpu.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  return Array.from({ length: nodes }, (_, i) => `${word}-host-${i + 1}`);
}

/** GPUs that reach each other over any number of links, in order. */
function componentsOf(links: TopologyFact['links']): number[][] {
  const left = new Set(links.keys());
  const found: number[][] = [];
  for (const first of left) {
    const seen = new Set([first]);
    for (const gpu of seen)
      for (const [other, count] of links[gpu]!.entries()) if (count > 0) seen.add(other);
    for (const gpu of seen) left.delete(gpu);
    found.push([...seen].toSorted((a, b) => a - b));
  }
  return found;
}
