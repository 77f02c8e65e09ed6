import type { NodeGroup, SharedHosts } from './cluster.ts';
import type { LinkSpec } from './link.ts';

/** GPUs of all groups on the hosts of one: the most of any of its hosts. */
export function gpusOnHosts({ shared, gpusPerNode }: NodeGroup): number {
  return shared?.gpus ?? gpusPerNode;
}

/** Whether some host has GPUs of both. */
export function shareHosts(a: NodeGroup, b: NodeGroup): boolean {
  return a.shared !== undefined && b.shared !== undefined && a.hosts.some((host) => b.hosts.includes(host));
}

/** The groups with their places on hosts that stand in several of them; `busOf`: what joins GPUs of unlike groups there. */
export function onSharedHosts(
  groups: readonly NodeGroup[],
  busOf: (group: NodeGroup) => LinkSpec,
): NodeGroup[] {
  const taken = new Map<string, number>();
  const firsts = groups.map(({ hosts, gpusPerNode }) =>
    hosts.map((host) => {
      const first = taken.get(host) ?? 0;
      taken.set(host, first + gpusPerNode);
      return first;
    }),
  );
  return groups.map((group, i) => {
    const gpus = group.hosts.reduce((most, host) => Math.max(most, taken.get(host)!), 0);
    if (gpus === group.gpusPerNode) return group;
    const shared: SharedHosts = { firstGpus: firsts[i]!, gpus, bus: busOf(group) };
    return { ...group, shared };
  });
}

/** The same groups after some left: a host has only the GPUs of those that stay, each where it was. */
export function withoutGone(groups: readonly NodeGroup[]): NodeGroup[] {
  return groups.map((group) => {
    if (group.shared === undefined) return group;
    const beside = groups.filter((other) => other === group || shareHosts(group, other));
    const onHost = (host: string) =>
      beside.reduce((sum, { hosts, gpusPerNode }) => sum + (hosts.includes(host) ? gpusPerNode : 0), 0);
    return {
      ...group,
      shared: { ...group.shared, gpus: group.hosts.reduce((most, host) => Math.max(most, onHost(host)), 0) },
    };
  });
}
