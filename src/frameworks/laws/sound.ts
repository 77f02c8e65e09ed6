import type { Rule } from './rule.ts';

/** A plan read from a file may have been edited: its GPUs must exist and serve once, its layers be the model's. */
export const soundPlan: Rule = ({ cluster, model }, plan) => {
  const ranges: (readonly [first: number, end: number])[] = [];
  for (const { stages } of plan.pipelines) {
    for (const block of stages.flatMap(({ replicas }) => replicas)) {
      const group = cluster.groups[block.group];
      const devices = block.count * block.tensorParallel * plan.contextParallel;
      const end = block.firstDevice + devices;
      if (group === undefined)
        return {
          rule: 'group-exists',
          actual: `node group ${block.group}`,
          limit: `0 to ${cluster.groups.length - 1}`,
        };
      const groupEnd = group.firstDevice + group.nodes * group.gpusPerNode;
      if (block.firstDevice < group.firstDevice || end > groupEnd)
        return {
          rule: 'devices-exist',
          actual: `GPUs ${block.firstDevice} to ${end - 1}`,
          limit: `${group.firstDevice} to ${groupEnd - 1} in group ${group.id}`,
        };
      ranges.push([block.firstDevice, end]);
    }
    const chunks = stages.flatMap((stage) => stage.chunks).sort((a, b) => a.first - b.first || a.end - b.end);
    const gap = chunks.findIndex(({ first }, i) => first !== (chunks[i - 1]?.end ?? 0));
    if (gap >= 0 || chunks.at(-1)?.end !== model.layers.length)
      return {
        rule: 'layers-once',
        actual: `layer ranges ${chunks.map(({ first, end }) => `${first}-${end}`).join(' ')}`,
        limit: `each of ${model.layers.length} layers once`,
      };
  }
  ranges.sort((a, b) => a[0] - b[0]);
  const twice = ranges.findIndex(([first], i) => first < (ranges[i - 1]?.[1] ?? 0));
  if (twice >= 0)
    return {
      rule: 'devices-once',
      actual: `GPU ${ranges[twice]![0]} in two places`,
      limit: 'one place for each GPU',
    };
  const nodes = cluster.groups.reduce((sum, group) => sum + group.nodes, 0);
  const order = plan.nodeOrder;
  if (
    order !== null &&
    (order.length !== nodes || new Set(order).size !== nodes || order.some((n) => n >= nodes))
  )
    return {
      rule: 'node-order',
      actual: `an order of ${order.length} nodes`,
      limit: `each of ${nodes} nodes once`,
    };
  return null;
};
