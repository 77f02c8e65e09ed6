import { gpuIdOf, sameFamily } from '../../catalogue/gpu-names.ts';
import type { CurveFact } from '../facts/facts.ts';
import { positions } from '../facts/host-names.ts';
import type { InventoryGroup } from '../inventory/inventory.ts';

/**
 * The groups whose GPUs a curve was measured on: by GPU, and by host where several groups have that GPU. With one kind of
 * hosts, what does not say its GPU was measured on them. `why`: why no group.
 */
export function measuredOn<Group extends InventoryGroup>(
  { gpuName, hostNames }: CurveFact,
  groups: readonly Group[],
): { readonly groups: readonly Group[]; readonly why: string | null } {
  const id = gpuName === null ? null : gpuIdOf(gpuName, null);
  if (id === null) {
    return groups.length === 1
      ? { groups, why: null }
      : { groups: [], why: 'it does not say on which of the GPUs it ran' };
  }
  const exact = groups.filter(({ gpu }) => gpu === id);
  const alike = exact.length > 0 ? exact : groups.filter(({ gpu }) => sameFamily(gpu, id));
  if (alike.length === 0) return { groups: [], why: `it ran on ${gpuName}, which no group has` };
  const known = (group: Group) => positions(hostNames, group.hosts).map((i) => i >= 0);
  const own = alike.filter((group) => hostNames.length > 0 && known(group).every((one) => one));
  if (own.length > 0) return { groups: own, why: null };
  const across = alike.length > 1 && alike.some((group) => known(group).some((one) => one));
  return across ? { groups: [], why: 'it ran between hosts of unlike groups' } : { groups: alike, why: null };
}
