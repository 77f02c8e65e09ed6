import { loadLink } from '../../catalogue/links.ts';
import type { InventoryGroup } from './described-group.ts';

/** Groups on the same hosts have one set of network cards: that of the group whose are known, else the fastest. */
export function withSharedCards(groups: readonly InventoryGroup[]): InventoryGroup[] {
  const owners = new Map<string, InventoryGroup>();
  for (const group of groups) {
    const key = group.hosts.join();
    const owner = owners.get(key);
    if (owner === undefined || better(group, owner)) owners.set(key, group);
  }
  const shared = ({ hosts }: InventoryGroup) =>
    groups.filter((one) => one.hosts.some((host) => hosts.includes(host))).length > 1;
  return groups.map((one) => {
    // Of its other GPUs the catalogue may know nothing.
    const group = one.bus === null || shared(one) ? one : { ...one, bus: null };
    const owner = one.hosts.length === 0 ? one : owners.get(one.hosts.join())!;
    return owner === one
      ? group
      : {
          ...group,
          nic: owner.nic,
          sharesCards: true,
          assumed: group.assumed.filter((text) => !/network (cards|ports)|^the network of/.test(text)),
        };
  });
}

function better({ nic: a }: InventoryGroup, { nic: b }: InventoryGroup): boolean {
  const known = (nic: typeof a) => (nic.from === 'assumed' ? 0 : 1);
  const rate = ({ bandwidth, link, perNode }: typeof a) => (bandwidth ?? loadLink(link).bandwidth) * perNode;
  return known(a) > known(b) || (known(a) === known(b) && rate(a) > rate(b));
}
