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
    unknown: [...inventory.unknown, ...new Set(measured.flatMap((one) => one.unknown)), ...placed.unknown],
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
): { group: DraftGroup; notes: readonly string[]; unknown: readonly string[] } {
  const own = curves.filter((curve) => measuredOn(curve, groups).groups.includes(group));
  const link = linkOf(group.nic.link);
  const node = nodeRate(own.filter(fillsPorts), link, group.nic.perNode);
  const port = portRate(own.filter(crossesOnePort), link);
  const inside = groupCollectives(own.filter(insideOneHost), group.gpusPerNode, linkOf(group.intraNode));
  return {
    group: { ...group, nic: { ...group.nic, rate: port.rate, node }, collectives: inside.collectives },
    notes: [...port.notes, ...inside.notes],
    unknown: port.unknown,
  };
}

/** Why a curve says nothing of any group's links. */
function unusedWords(curve: CurveFact, groups: readonly InventoryGroup[]): string | null {
  const why =
    curve.unfit ?? (crossesOnePort(curve) || insideOneHost(curve) ? measuredOn(curve, groups).why : null);
  return why === null ? null : `${curve.test} (${at(curve)}) is not used: ${why}`;
}
