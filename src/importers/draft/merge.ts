import { slowestCarrying } from '../../catalogue/link-names.ts';
import type { LinkSpec } from '../../domain/link.ts';
import { at, type CurveFact, type Facts, type MatrixFact } from '../facts/facts.ts';
import { curveWords } from '../facts/measured-words.ts';
import { type InventoryGroup, inventoryOf, type KnownGpus } from '../inventory/inventory.ts';
import { type DraftCollective, groupCollectives, insideOneHost } from './group-collectives.ts';
import { namedByMatrix, type PlacedMatrix, placedMatrix } from './host-matrix.ts';
import { measuredOn } from './measured-on.ts';
import { crossesOnePort, fillsPorts, nodeRate, type PortRate, portRate } from './network-rate.ts';

/** A cluster file as it will be written, each figure with where it is from. */
export interface Draft {
  readonly name: string;
  readonly groups: readonly DraftGroup[];
  readonly matrix: Pick<PlacedMatrix, 'bandwidth' | 'perFlow' | 'from'>;
  /** What was measured, used or not: kept as comments. */
  readonly measured: readonly string[];
  /** What no source said. */
  readonly unknown: readonly string[];
  readonly notes: readonly string[];
}

/** Like hosts, and what was measured on them. */
export interface DraftGroup extends InventoryGroup {
  readonly nic: InventoryGroup['nic'] & {
    readonly rate: PortRate | null;
    /** All ports of a host together. */
    readonly node: ReturnType<typeof nodeRate>;
  };
  readonly collectives: readonly DraftCollective[];
}

/**
 * Joins what all files say into node groups. Sources that contradict each other on what there is are an error that names
 * both; a measurement that does not fit is noted and not used. `linkOf` is the catalogue's.
 */
export function merged(
  all: readonly Facts[],
  gpus: KnownGpus,
  name: string,
  linkOf: (id: string) => LinkSpec,
): Draft {
  const [matrix = null, ...others] = all.flatMap((one) => one.matrix ?? []);
  const told = namedByMatrix(all, matrix);
  const inventory = inventoryOf(told, gpus);
  const named = told === all || matrix === null ? {} : { hostsFrom: at(matrix) };
  const curves = told.flatMap((one) => one.curves);
  const measured = inventory.groups.map((group) => measuredGroup(group, inventory.groups, curves, linkOf));
  const groups = measured.map(({ group }) => group);
  const placed = placedMatrix(matrix, groups, linkOf);
  return {
    name,
    groups: groups.map((group) => ({ ...group, ...named })),
    matrix: placed,
    measured: [...curves.map(curveWords), ...told.flatMap((one) => one.measured), ...placed.measured],
    unknown: [...inventory.unknown, ...placed.unknown],
    notes: [
      ...told.flatMap((one) => one.notes),
      ...inventory.notes,
      ...curves.flatMap((curve) => unusedWords(curve, inventory.groups) ?? []),
      ...new Set(measured.flatMap((one) => one.notes)),
      ...others.map((one: MatrixFact) => `the matrix of ${at(one)} is not used: ${at(matrix!)} is another`),
      ...placed.notes,
    ],
  };
}

function measuredGroup(
  group: InventoryGroup,
  groups: readonly InventoryGroup[],
  curves: readonly CurveFact[],
  linkOf: (id: string) => LinkSpec,
): { group: DraftGroup; notes: readonly string[] } {
  const own = curves.filter((curve) => measuredOn(curve, groups).groups.includes(group));
  const crossing = own.filter(crossesOnePort);
  const guess = carrying(group, crossing, linkOf);
  const link = wireOf(guess.nic, linkOf);
  const node = nodeRate(own.filter(fillsPorts), link, guess.nic.perNode);
  const port = portRate(crossing, link);
  const inside = groupCollectives(own.filter(insideOneHost), group.gpusPerNode, linkOf(group.intraNode));
  return {
    group: {
      ...guess,
      nic: { ...guess.nic, rate: port.rate, node },
      collectives: inside.collectives,
      assumed: [...guess.assumed, ...port.unknown],
    },
    notes: [
      ...port.notes,
      ...inside.notes,
      ...own.flatMap((curve) => betweenHosts(curve, node !== null) ?? []),
    ],
  };
}

/** The link of a group's ports, with the rate of a port that is slower. */
function wireOf({ link, bandwidth }: InventoryGroup['nic'], linkOf: (id: string) => LinkSpec): LinkSpec {
  const stock = linkOf(link);
  return bandwidth === null ? stock : { ...stock, bandwidth };
}

/** A group whose network is guessed, with the slowest port of that layer that carries what was measured across one. */
function carrying(
  group: InventoryGroup,
  crossing: readonly CurveFact[],
  linkOf: (id: string) => LinkSpec,
): InventoryGroup {
  const { rate } = portRate(crossing, linkOf(group.nic.link));
  if (group.nic.from !== 'assumed' || rate === null || rate.of === 'flow') return group;
  const link = slowestCarrying(group.nic.link, rate.bandwidth);
  if (link === group.nic.link) return group;
  return {
    ...group,
    nic: { ...group.nic, link },
    assumed: group.assumed.map((text) =>
      /^the network of/.test(text)
        ? `${text.replace(`${group.nic.link} assumed`, `${link} assumed`)}, the slowest that carries what ${rate.from} reached`
        : text,
    ),
  };
}

/** Why a collective between hosts is used for nothing; null: it is used, or noted elsewhere. */
function betweenHosts(curve: CurveFact, ofNode: boolean): string | null {
  const { unfit, hosts, ranks, test } = curve;
  if (unfit === null && hosts === 0 && !crossesOnePort(curve))
    return `${test} on ${ranks} ranks (${at(curve)}) is not used: it does not say on which hosts it ran`;
  if (unfit !== null || hosts < 2 || ranks === 2 || (ofNode && fillsPorts(curve))) return null;
  return `${test} on ${ranks} ranks of ${hosts} hosts (${at(curve)}) is not used: a cluster file takes collectives measured inside one host, and between hosts what one port carries (sendrecv on two ranks)`;
}

/** Why a curve says nothing of any group's links. */
function unusedWords(curve: CurveFact, groups: readonly InventoryGroup[]): string | null {
  const why =
    curve.unfit ?? (crossesOnePort(curve) || insideOneHost(curve) ? measuredOn(curve, groups).why : null);
  return why === null ? null : `${curve.test} (${at(curve)}) is not used: ${why}`;
}
