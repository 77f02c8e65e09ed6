import { ABOVE_WIRE, type LinkSpec } from '../../domain/link.ts';
import { at, type Facts, type HostFact, type MatrixFact } from '../facts/facts.ts';
import { positions } from '../facts/host-names.ts';
import { rateText } from '../facts/measured-words.ts';
import type { InventoryGroup } from '../inventory/inventory.ts';

/** The matrix of a cluster file, or why there is none. */
export interface PlacedMatrix {
  /** Bytes/s of the whole node, in the order of the groups' hosts; null: none. */
  readonly bandwidth: readonly (readonly number[])[] | null;
  /** Bytes/s of one flow alone; null: several processes of a host sent at a time, each hindered by the others. */
  readonly perFlow: readonly (readonly number[])[] | null;
  readonly from: readonly string[];
  readonly measured: readonly string[];
  readonly unknown: readonly string[];
  readonly notes: readonly string[];
}

const NONE: PlacedMatrix = { bandwidth: null, perFlow: null, from: [], measured: [], unknown: [], notes: [] };

/** Gives the hosts of a matrix to the one kind of hosts that has no names, so that both are about the same hosts. */
export function namedByMatrix(all: readonly Facts[], matrix: MatrixFact | null): readonly Facts[] {
  // The hosts of a log are some of them.
  const facts = all.flatMap((one) => one.hosts).filter(({ atLeast }) => atLeast !== true);
  const only = facts[0];
  if (matrix === null || only === undefined || facts.length > 1 || only.hosts.length > 0) return all;
  if (matrix.hosts.some((host) => !/^[\w.:-]+$/.test(host))) return all;
  if (only.counted === true && only.count !== matrix.hosts.length) return all;
  const named: HostFact = { ...only, hosts: matrix.hosts, count: matrix.hosts.length };
  return all.map((one) =>
    !one.hosts.includes(only)
      ? one
      : {
          ...one,
          hosts: one.hosts.map((host) => (host === only ? named : host)),
          notes: [...one.notes, `host names and how many hosts there are: those of ${at(matrix)}`],
        },
  );
}

/** Like hosts, and what all flows of one reach together over TCP, where that was measured. */
type MatrixGroup = InventoryGroup & {
  readonly nic: { readonly node: { readonly bandwidth: number; readonly from: string } | null };
};

/** The matrix in the order of the groups' hosts, as rates of whole nodes, and of one flow where each host sent one. */
export function placedMatrix(
  matrix: MatrixFact | null,
  groups: readonly MatrixGroup[],
  linkOf: (id: string) => LinkSpec,
): PlacedMatrix {
  if (matrix === null) return NONE;
  const hosts = groups.flatMap((group) => group.hosts.map((name) => ({ name, group })));
  const index = positions(
    hosts.map(({ name }) => name),
    matrix.hosts,
  );
  const missing = [...new Set(hosts.filter((_, i) => index[i]! < 0).map(({ name }) => name))];
  const extra = matrix.hosts.filter((_, i) => !index.includes(i));
  const partial = hosts.length < groups.reduce((sum, { nodes }) => sum + nodes, 0);
  if (hosts.length < 2 || missing.length > 0 || partial) {
    return {
      ...NONE,
      measured: [`mpiGraph: ${rangeText(matrix)} between ${some(matrix.hosts)} (${at(matrix)})`],
      unknown: [
        `links of ${missing.length > 0 ? some(missing) : 'hosts without names'}: the matrix of ${at(matrix)} has ${some(matrix.hosts)}, and is not used`,
      ],
    };
  }
  const pairs = hosts.map((from, i) =>
    hosts.map((to, j) =>
      index[i] === index[j] ? null : pairOf(matrix, index[i]!, index[j]!, from.group, to.group, linkOf),
    ),
  );
  const over = pairs.flat().find((pair) => pair?.over === true);
  if (over !== undefined && over !== null) {
    return {
      ...NONE,
      measured: [`mpiGraph: ${rangeText(matrix)} (${at(matrix)})`],
      notes: [
        `the matrix of ${at(matrix)} is not used: ${rateText(over.measured)} is above the ${rateText(over.wire * over.ports)} of ${over.ports} port${over.ports === 1 ? '' : 's'} of a host (maybe the network is another)`,
      ],
    };
  }
  const alone = pairs.flat().every((pair) => pair === null || pair.flows === 1);
  const joint = alone ? jointOf(pairs.flat(), groups) : null;
  const table = (of: (pair: Pair) => number) => {
    // A host that stands in two groups reaches itself at no less than it reaches any other.
    const largest = pairs.map((row) => Math.max(...row.map((pair) => (pair === null ? 0 : of(pair)))));
    return pairs.map((row, i) => row.map((pair) => (pair === null ? largest[i]! : of(pair))));
  };
  return {
    ...NONE,
    bandwidth: table((pair) => (joint === null ? pair.node : pair.measured * joint.times)),
    perFlow: alone ? table(({ measured }) => measured) : null,
    from: [
      `Host to host, row sends to column, in the order of the hosts above: ${rangeText(matrix)} measured (${at(matrix)}).`,
      ...(joint === null ? scales(pairs.flat()) : [joint.from]),
      ...(alone ? ['One process a host: what one flow reaches alone.'] : []),
    ],
    unknown:
      joint === null && alone && groups.some(({ nic }) => linkOf(nic.link).layer === 'tcp')
        ? [
            `what all flows of a host reach together over TCP: ${at(matrix)} has one process a host, and its rate stands for a port (maybe run mpiGraph with one process for each GPU)`,
          ]
        : [],
    notes: extra.length === 0 ? [] : [`${some(extra)} of ${at(matrix)} are no hosts of a group: left out`],
  };
}

interface Pair {
  /** Bytes/s: as measured, and of all ports together. */
  readonly measured: number;
  readonly node: number;
  readonly wire: number;
  readonly flows: number;
  readonly ports: number;
  /** Ports that the measured flows used. */
  readonly used: number;
  readonly over: boolean;
}

/** Over TCP one flow does not fill a host: how much more all of them reach, by a ring that was measured; null: none was. */
function jointOf(
  pairs: readonly (Pair | null)[],
  groups: readonly MatrixGroup[],
): { readonly times: number; readonly from: string } | null {
  const rings = groups.flatMap(({ nic: { node } }) => node ?? []);
  if (rings.length < groups.length) return null;
  const ring = rings.reduce((least, one) => (one.bandwidth < least.bandwidth ? one : least));
  const flow = Math.max(...pairs.map((pair) => pair?.measured ?? 0));
  const times = Math.max(1, ring.bandwidth / flow);
  return {
    times,
    from: `All flows of a host reach ${rateText(ring.bandwidth)} (${ring.from}): ×${Number(times.toPrecision(3))}.`,
  };
}

/** A flow that is faster than a port took several (UCX stripes over rails). */
function pairOf(
  { bandwidth, flows: counts }: MatrixFact,
  i: number,
  j: number,
  from: InventoryGroup,
  to: InventoryGroup,
  linkOf: (id: string) => LinkSpec,
): Pair {
  const measured = bandwidth[i]![j]!;
  const flows = counts[i]![j]!;
  const wire = Math.min(linkOf(from.nic.link).bandwidth, linkOf(to.nic.link).bandwidth);
  const ports = Math.min(from.nic.perNode, to.nic.perNode);
  const used = Math.min(ports, flows * Math.ceil(measured / flows / (ABOVE_WIRE * wire)));
  const node = (measured * ports) / used;
  return { measured, node, wire, flows, ports, used, over: node > ABOVE_WIRE * wire * ports };
}

/** `1 process a host measured one of 8 ports: ×8`, once for each such factor. */
function scales(pairs: readonly (Pair | null)[]): string[] {
  const lines = pairs.flatMap((pair) =>
    pair === null || pair.used >= pair.ports
      ? []
      : [
          `${pair.flows} process${pair.flows === 1 ? '' : 'es'} a host measured ${pair.used} of ${pair.ports} ports: ×${Number((pair.ports / pair.used).toPrecision(3))}.`,
        ],
  );
  return [...new Set(lines)];
}

function rangeText({ bandwidth }: MatrixFact): string {
  const rates = bandwidth.flatMap((row, i) => row.filter((_, j) => i !== j));
  return `${rateText(Math.min(...rates))} to ${rateText(Math.max(...rates))}`;
}

function some(names: readonly string[]): string {
  return names.length > 4 ? `${names.slice(0, 3).join(', ')} … (${names.length})` : names.join(', ');
}
