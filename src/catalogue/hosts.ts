import type { HostFacts } from '../domain/host.ts';
import type { GroupDocument } from '../schema/cluster.ts';
import { CLUSTER_RANGES } from '../schema/ranges.ts';
import type { Dimension } from '../units/parse.ts';
import type { Document } from './document.ts';
import { quantityAt } from './quantity-at.ts';

type HostKey = keyof typeof CLUSTER_RANGES extends infer K
  ? K extends `host.${infer R}`
    ? R
    : never
  : never;

/** What a cluster file says of the hosts of a group. */
export function hostFrom(
  document: Document,
  at: string,
  host: NonNullable<GroupDocument['host']>,
): HostFacts {
  const { memory, memoryBandwidth, pcie, gpusPerLink, cpu, coresBound, disk } = host;
  const read = (key: HostKey, text: string, dimension: Dimension) =>
    quantityAt(
      document,
      `${at}/${key.replaceAll('.', '/')}`,
      text,
      dimension,
      CLUSTER_RANGES[`host.${key}`],
      `host ${key.replaceAll('.', ' ')}`,
    );
  return {
    ...(memory === undefined ? {} : { memoryBytes: read('memory', memory, 'bytes') }),
    ...(memoryBandwidth === undefined
      ? {}
      : { memoryBandwidth: read('memoryBandwidth', memoryBandwidth, 'bandwidth') }),
    ...(pcie === undefined ? {} : { pcieBandwidth: read('pcie', pcie, 'bandwidth') }),
    ...(gpusPerLink === undefined ? {} : { gpusPerLink }),
    ...(cpu === undefined ? {} : { cpu }),
    ...(coresBound === undefined ? {} : { coresBound }),
    ...(disk === undefined
      ? {}
      : {
          disk: {
            bytes: read('disk.size', disk.size, 'bytes'),
            readBandwidth: read('disk.read', disk.read, 'bandwidth'),
            writeBandwidth: read('disk.write', disk.write, 'bandwidth'),
          },
        }),
  };
}
