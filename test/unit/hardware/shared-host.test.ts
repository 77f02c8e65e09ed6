import { describe, expect, it } from 'vitest';
import { clusterFromText } from '../../../src/catalogue/clusters.ts';
import { onlyGroups } from '../../../src/domain/node-order.ts';
import { flagscale } from '../../../src/frameworks/flagscale/index.ts';
import { megatron } from '../../../src/frameworks/megatron/index.ts';
import { coefficients } from '../../../src/hardware/coefficients.ts';
import { collectiveSeconds, pointToPointSeconds } from '../../../src/hardware/collective.ts';
import { portShare } from '../../../src/hardware/network-share.ts';
import { pairSpan, spanAcross, spanOf } from '../../../src/hardware/span.ts';
import { joinOf } from '../../../src/hardware/transport.ts';
import { hostRuns } from '../../../src/launch-folder/ranks.ts';
import { problem } from '../../fixtures/problem.ts';
import { ORIGIN, planned } from '../frameworks/fixture.ts';

const C = coefficients();

/** Two 3090 and two A6000 on each host, the cards stated once. */
const boxes = (hosts: string, nodes: number, more = '', nic = 'nic: { link: eth-10, perNode: 1 }, ') =>
  clusterFromText(
    `schema: shardwright.cluster/1
groups:
  - { id: a, gpu: rtx-3090, nodes: ${nodes}, gpusPerNode: 2, hosts: [${hosts}], intraNode: pcie4-x16-nop2p, ${nic}site: x }
  - { id: b, gpu: rtx-a6000, nodes: ${nodes}, gpusPerNode: 2, hosts: [${hosts}], intraNode: nvlink3-bridge-3090, site: x${more} }
`,
    'boxes.yaml',
  );

describe('a host with GPUs of two types', () => {
  it('is one: they talk over its bus, and need no network', () => {
    const box = boxes('box', 1, '', '');
    expect(box.assumptions).toContain('b shares hosts with a: joined by pcie4-x16-p2p');
    const all = spanOf(box, 0, 1, 4);
    expect(all).toMatchObject({ size: 4, perDomain: 4, domains: 1, transport: 'domain' });
    expect(all.intra.intraNode.id).toBe('pcie4-x16-nop2p');
    expect(pairSpan(box, 1, 2)).toMatchObject({ domains: 1, transport: 'domain' });
    // Inside a group its own link stays.
    expect(spanOf(box, 2, 1, 2).intra.intraNode.id).toBe('nvlink3-bridge-3090');
    expect(spanAcross(box, [0, 1], 2)).toMatchObject({ domains: 1, size: 2 });
  });

  it('has one set of cards, which all its GPUs share', () => {
    const pair = boxes('[box1, box2]'.slice(1, -1), 2);
    const [a, b] = pair.groups;
    expect(b!.nic).toEqual(a!.nic);
    const alone = onlyGroups(pair, ({ id }) => id === 'a').groups[0]!;
    expect(portShare(alone).nominal / portShare(a!).nominal).toBeCloseTo(2, 9);
    expect(joinOf(pair, 0, 1).stated).toBe(true);
    // Ranks in the order of groups: each host has two of a and two of b.
    expect(spanOf(pair, 0, 1, 8)).toMatchObject({ perDomain: 4, domains: 2 });
  });

  it('moves bytes at the speed of the slower bus', () => {
    const box = boxes('box', 1, ', bus: pcie3-x16-nop2p', '');
    expect(box.assumptions.join()).not.toContain('joined by');
    const across = pairSpan(box, 1, 2);
    expect(across.intra.intraNode.id).toBe('pcie3-x16-nop2p');
    const inside = pairSpan(box, 0, 1);
    expect(pointToPointSeconds(across, 2 ** 28, C)).toBeGreaterThan(pointToPointSeconds(inside, 2 ** 28, C));
    const two = collectiveSeconds(spanAcross(box, [0, 1], 1), 'allReduce', 2 ** 28, C);
    const four = collectiveSeconds(spanAcross(box, [0, 1], 2), 'allReduce', 2 ** 28, C);
    // Host memory is one: two rings at once take twice as long each.
    expect(four / two).toBeCloseTo(2, 1);
  });

  it('is told apart from hosts of its own', () => {
    expect(() => boxes('box', 1, ', bus: eth-25', '')).toThrow(/bus is "eth-25", a network/);
    expect(() => boxes('box, box', 2)).toThrow(/stands twice/);
    const apart = `schema: shardwright.cluster/1
groups:
  - { id: a, gpu: rtx-3090, nodes: 1, gpusPerNode: 2, intraNode: pcie4-x16-nop2p, bus: pcie4-x16-nop2p }
`;
    expect(() => clusterFromText(apart, 'apart.yaml')).toThrow(/GPUs of no other group/);
  });

  it('starts as one host, in the numbering that nvidia-smi shows', () => {
    const one = { ...problem('llama-3.2-1b', 'mixed-4090-3090'), cluster: boxes('box', 1, '', '') };
    const plan = planned(one, 'tp=2,pp=2,dp=1,layers=5/11,groups=b/a');
    expect(hostRuns(one.cluster, plan)).toEqual([{ host: 'box', groups: [1, 0], gpus: [2, 3, 0, 1] }]);
    expect(megatron.reject(one, plan)).toBeNull();
    const script = megatron.render(one, plan, ORIGIN).find(({ path }) => path === 'launch.sh')!.content;
    expect(script).toContain('export CUDA_DEVICE_ORDER=PCI_BUS_ID\nDEVICES=(2,3,0,1)\n');
    expect(script).toContain('--nnodes 1 --nproc-per-node 4');
    // A line of its hostfile has one type.
    expect(flagscale.reject(one, plan)?.rule).toBe('type-of-host');
  });
});

describe('two groups that another lies between', () => {
  it('do not go over its cards', () => {
    const { cluster } = problem('llama-3.2-1b', 'four-types-1024');
    const [first, , third] = cluster.groups;
    const pair = pairSpan(cluster, first!.firstDevice, third!.firstDevice);
    const without = onlyGroups(cluster, ({ index }) => index !== 1);
    const alone = pairSpan(without, without.groups[0]!.firstDevice, without.groups[1]!.firstDevice);
    expect(pair.share).toEqual(alone.share);
  });
});
