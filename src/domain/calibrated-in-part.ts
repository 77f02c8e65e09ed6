import type { AppliedCalibration, Calibration } from './calibration.ts';
import type { Cluster, NodeGroup } from './cluster.ts';
import { cardsAtRate, joinAtRate, withInsideAt } from './faster-link.ts';
import type { Problem } from './problem.ts';
import { withMemory } from './with-memory.ts';

/** Whether runs went over the links of a group between its nodes, and inside them, on its GPUs. */
function known(calibration: Calibration, { gpu, nic, intraNode }: NodeGroup) {
  const ran = calibration.gpus.includes(gpu.id);
  return {
    ran,
    network: ran && calibration.networks.includes(nic.link.id),
    intraNode: ran && calibration.intraNodes.includes(intraNode.id),
  };
}

/** What a calibration says of a cluster some of whose GPUs it knows nothing of. */
export function appliedInPart(
  cluster: Cluster,
  calibration: Calibration,
  left: readonly string[],
): AppliedCalibration {
  const { network, intraNode, ...others } = calibration.factors;
  const groups = cluster.groups.map((group) => known(calibration, group));
  // A measured network is one table: of which of its ways runs say something nobody knows.
  const cards = cluster.measured === undefined && groups.some((one) => one.network);
  return {
    ...{ calibration, unfit: null, left },
    factors: {
      ...others,
      ...(network === undefined || !cards ? {} : { network }),
      ...(intraNode === undefined || !groups.some((one) => one.intraNode) ? {} : { intraNode }),
    },
  };
}

/**
 * The problem with the kernels and the links of those GPUs alone that runs say something of. Allocated memory is the software's, which all
 * have in common, and its factor never below 1: it holds for all.
 */
export function calibratedInPart(problem: Problem, { calibration, factors }: AppliedCalibration): Problem {
  const { time = 1, network = 1, intraNode = 1, memory } = factors;
  const of = (group: NodeGroup) => known(calibration, group);
  const { groups, links } = problem.cluster;
  const corrected = groups.map((group): NodeGroup => {
    const { ran, network: cards } = of(group);
    return {
      ...group,
      ...(ran ? { kernelTimes: time } : {}),
      ...(cards ? { nic: cardsAtRate(group.nic, network) } : {}),
    };
  });
  const ways = links.map((way) =>
    of(groups[way.from]!).network && of(groups[way.to]!).network ? joinAtRate(way, network) : way,
  );
  const between: Cluster = { ...problem.cluster, groups: corrected, links: ways };
  const cluster = groups.reduce(
    (all, group, index) => (of(group).intraNode ? withInsideAt(intraNode, all, index) : all),
    between,
  );
  return { ...problem, cluster, stack: withMemory(problem.stack, memory) };
}
