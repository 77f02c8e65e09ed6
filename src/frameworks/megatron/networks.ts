import { groupsOf, type Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import type { LaunchFile } from '../../launch-folder/launch-file.ts';
import { commentText } from '../../launch-folder/quote.ts';
import { type Seat, seatsOf } from '../../launch-folder/ranks.ts';
import { networksApart } from '../laws/networks.ts';
import { yamlText } from '../writing/yaml-text.ts';
import { communicatorsOf } from './communicators.ts';

const NETWORKS = 'nccl.yaml';
const WRAPPER = 'socket_world.py';

/** Layers that NCCL's own module `IB` carries on every host; others have a plugin, of another name, or none. */
const IB_MODULE: readonly string[] = ['infiniband', 'roce'];

/** `net_name` of a group; null: not named. */
type Net = 'socket' | 'IB' | null;

/** What a plan on several networks needs beside: null where one network joins all its ranks. */
export interface Networks {
  readonly files: readonly LaunchFile[];
  /** Further words of the command line. */
  readonly words: readonly string[];
  /** Lines of launch.sh. */
  readonly prepare: readonly string[];
  /** Before the program, and its words: it starts the program. */
  readonly wrapper: string;
  readonly notes: readonly string[];
}

/**
 * A communicator has one network module on all ranks, and RDMA cards connect to their own link layer only (NCCL 2.30.7
 * 5067397, plugin/net.cc and transport/net_ib/connect.cc): each group whose members RDMA does not join is named onto
 * sockets, and so is torch's default group, which Megatron-LM gives no options and uses.
 */
export function networksOf(problem: Problem, plan: Plan, origin: string): Networks | null {
  const { cluster } = problem;
  const groups = groupsOf(plan);
  if (!networksApart(cluster, groups)) return null;
  const verbs = groups.every((group) => IB_MODULE.includes(cluster.groups[group]!.nic.link.layer!));
  const seats = seatsOf(cluster, plan);
  const placesOn = <K extends keyof Seat>(ranks: readonly number[], what: K) => [
    ...new Set(ranks.map((rank) => seats[rank]![what])),
  ];
  const named = [...communicatorsOf(problem, plan)]
    .map(([name, all]): readonly [string, Net] => {
      if (all.some((ranks) => networksApart(cluster, placesOn(ranks, 'group')))) return [name, 'socket'];
      return [name, verbs && all.some((ranks) => placesOn(ranks, 'host').length > 1) ? 'IB' : null];
    })
    .filter(([, net]) => net !== null);
  const sockets = named.filter(([, net]) => net === 'socket').map(([name]) => `\`${name}\``);
  return {
    files: [
      {
        path: NETWORKS,
        content: yamlText(Object.fromEntries(named.map(([name, net]) => [name, { net_name: net }])), [
          commentText(origin),
          'The network of each process group; what is left out takes the first that its hosts have.',
        ]),
      },
      { path: WRAPPER, content: wrapper(origin) },
    ],
    words: ['--nccl-communicator-config-path', NETWORKS],
    prepare: ['# It would stand over the network of every process group.', 'unset NCCL_NET'],
    wrapper: `${WRAPPER} `,
    notes: [
      `**Networks that RDMA does not join**: \`${NETWORKS}\` names one for each process group (on sockets: ${sockets.join(', ')}), and \`${WRAPPER}\` starts the program in a default group on sockets. Written from the sources of NCCL 2.30.7 and Megatron-LM d98e8a6, not run: try it with few steps and \`NCCL_DEBUG=INFO\`. \`NCCL_NET\` must stay unset, and the sockets want \`NCCL_SOCKET_IFNAME\` (\`nic: { interface }\`).`,
    ],
  };
}

const wrapper = (origin: string) => `# ${commentText(origin)}
"""Runs a program of Megatron-LM in a default process group over sockets.

Megatron-LM gives the default group no options, and uses it; NCCL would take RDMA on every host, which does not join them
all. A default group that is there already is left alone (megatron/training/initialize.py).
"""

import os
import runpy
import sys

import torch

sys.argv = sys.argv[1:]
sys.path.insert(0, os.path.dirname(os.path.abspath(sys.argv[0])))
torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
options = torch.distributed.ProcessGroupNCCL.Options()
options.config.net_name = "Socket"
# No device_id: groups would be split from this one, and share its network (NCCL plugin/net.cc).
torch.distributed.init_process_group("nccl", pg_options=options)
runpy.run_path(sys.argv[0], run_name="__main__")
`;
