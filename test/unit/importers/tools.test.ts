import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/domain/input-error.ts';
import { readFacts } from '../../../src/importers/formats/index.ts';
import { testByColumns } from '../../../src/importers/formats/nccl-columns.ts';
import { imported, ncclText, onHost, smi } from '../../fixtures/imported.ts';
import { inventoryFrom, query, sinfoLine, topo } from '../../fixtures/inventory.ts';

const read = (text: string) => readFacts(text, 'f.txt');
const hosts = (text: string) =>
  read(text).hosts.map((one) => [one.hosts.join(), one.count, one.gpuName, one.gpusPerHost]);

describe('sinfo with GRES', () => {
  it.each([
    ['partitions', 'PARTITION NODES GRES\ngpu* 12 gpu:h100:8\ncpu 100 (null)\n', [['', 12, 'h100', 8]]],
    ['two columns', 'NODELIST GRES\nn[1-2] gpu:a100:8(S:0-1)\nc1 (null)\n', [['n1,n2', 2, 'a100', 8]]],
    [
      'wide columns of -O',
      'HOSTNAMES           GRES                STATE\nn1                  gpu:mi300x:8        idle\nn2  gpu:mi300x:8  down*\n',
      [['n1', 1, 'mi300x', 8]],
    ],
    ['a count and a GRES alone', '4|gpu:a100:8\n', [['', 4, 'a100', 8]]],
    [
      'names and GRES alone',
      'n1 gpu:h200:8\nn2 gpu:h200:8\n',
      [
        ['n1', 1, 'h200', 8],
        ['n2', 1, 'h200', 8],
      ],
    ],
    [
      'its own columns and GRES',
      'PARTITION AVAIL TIMELIMIT NODES STATE NODELIST GRES\ngpu up infinite 2 idle g[1-2] gpu:l40s:4\ngpu up infinite 1 drain g3 gpu:l40s:4\n',
      [['g1,g2', 2, 'l40s', 4]],
    ],
    [
      'the same without a header',
      'gpu up 2-00:00:00 2 mix node[01-02] gpu:v100:4\n',
      [['node01,node02', 2, 'v100', 4]],
    ],
    ['allocated and idle', 'PARTITION NODES(A/I/O/T) GRES\ngpu 3/1/1/5 gpu:h100:8\n', [['', 4, 'h100', 8]]],
    ['bars without names', 'gpu|up|infinite|8|gpu:a100:8\n', [['', 8, 'a100', 8]]],
    ['memory that is no count', 'gpu|1-00:00:00|382000|gpu:a100:8\n', [['', 1, 'a100', 8]]],
  ])('is read: %s', (_, text, expected) => {
    expect(hosts(text)).toEqual(expected);
  });

  it('is of as many nodes as the largest partition', () => {
    const text =
      'PARTITION NODES GRES\nshort 80 gpu:a100:4\nlong 80 gpu:a100:4\nlong 8 gpu:a100:4,gpu:t4:1\n';
    expect(hosts(text)).toEqual([
      ['', 88, 'a100', 4],
      ['', 8, 't4', 1],
    ]);
    expect(read(text).notes.join()).toMatch(/88 with 4 a100 counted \(168 if none is\)/);
  });

  it('refuses a line that fits neither header nor fields', () => {
    expect(() => read('NODELIST GRES STATE\nn1 gpu:h100:8\n')).toThrow(
      /f.txt:2.*no line of sinfo[\s\S]*3 fields/,
    );
  });
});

describe('nvidia-smi', () => {
  const row = (i: number, name: string, mib: number, mig = 'Disabled') =>
    `|   ${i}  ${name.padEnd(22)} On  | 00000000:6${i}:00.0 Off |                    0 |\n| N/A   27C    P0    74W / 500W |      0MiB / ${mib}MiB |      0%      Default |\n|                               |                      |             ${mig} |\n`;
  const head = '| NVIDIA-SMI 535.161.08   Driver Version: 535.161.08   CUDA Version: 12.2 |\n';

  it('as a table has names and memory, also where a driver cut names off', () => {
    expect(hosts(head + row(0, 'NVIDIA H20', 97871) + row(1, 'NVIDIA H20', 97871))).toEqual([
      ['', 1, 'NVIDIA H20', 2],
    ]);
    const cut = head + row(0, 'NVIDIA A100-SXM...', 40960);
    expect(inventoryFrom({ t: cut }).groups[0]!.gpu).toBe('a100-40-sxm');
    expect(read(head + row(0, 'NVIDIA A100-SXM4-40GB', 40960, 'Enabled')).notes.join()).toMatch(
      /slices \(MIG\)/,
    );
  });

  it('as a table and as a list shows one host, as two tables two', () => {
    const table = head + row(0, 'NVIDIA L4', 23034) + row(1, 'NVIDIA L4', 23034);
    const list = 'GPU 0: NVIDIA L4 (UUID: GPU-a)\nGPU 1: NVIDIA L4 (UUID: GPU-b)\n';
    expect(inventoryFrom({ t: table, l: list }).groups).toMatchObject([
      { gpu: 'l4', nodes: 1, gpusPerNode: 2 },
    ]);
    expect(inventoryFrom({ t: table, u: table }).groups).toMatchObject([{ nodes: 2, gpusPerNode: 2 }]);
    expect(inventoryFrom({ l: list + list }).groups).toMatchObject([{ nodes: 2, gpusPerNode: 2 }]);
  });

  it('of a host with several kinds is one host, by each of its outputs and by all', () => {
    const list = 'GPU 0: NVIDIA A100-PCIE-40GB (UUID: GPU-a)\nGPU 1: NVIDIA L4 (UUID: GPU-b)\n';
    const csv =
      'index, name, memory.total [MiB]\n0, NVIDIA A100-PCIE-40GB, 40960 MiB\n1, NVIDIA L4, 23034 MiB\n';
    for (const files of [{ l: list }, { q: csv }, { l: list, q: csv }, { q: csv, l: list }]) {
      const { groups } = inventoryFrom(files);
      expect(groups.map((one) => [one.gpusPerNode, one.hosts])).toEqual([
        [1, ['host-1']],
        [1, ['host-1']],
      ]);
      expect(groups.filter((one) => !one.sharesCards)).toHaveLength(1);
    }
  });

  it('says nothing of hosts that Slurm names but what they are', () => {
    const { groups } = inventoryFrom({
      s: sinfoLine('n[1-3]', 'gpu:a100:1'),
      q: query('NVIDIA A100-PCIE-40GB', 40960, 1),
    });
    expect(groups).toMatchObject([{ gpu: 'a100-40-pcie', nodes: 3, hosts: ['n1', 'n2', 'n3'] }]);
  });
});

describe('amd-smi', () => {
  const gpu = { asic: { market_name: 'AMD Instinct MI300X' }, vram: { size: { value: 196592, unit: 'MB' } } };

  it.each([
    ['JSON', JSON.stringify([gpu, gpu])],
    ['JSON with a key', JSON.stringify({ gpu_data: [gpu, gpu] })],
    [
      'CSV',
      'gpu,market_name,vendor_id,size\n0,AMD Instinct MI300X,0x1002,196592\n1,AMD Instinct MI300X,0x1002,196592\n',
    ],
  ])('static as %s', (_, text) => {
    expect(read(text).hosts).toMatchObject([
      { gpuName: 'AMD Instinct MI300X', memoryMiB: 196592, gpusPerHost: 2 },
    ]);
  });

  it('topology that was cut off is refused', () => {
    const text = 'LINK TYPE TABLE:\n             0000:05:00.0 0000:26:00.0\n0000:05:00.0 SELF         XGMI\n';
    expect(() => read(text)).toThrow(InputError);
  });
});

describe('network ports by their tools', () => {
  const device = (name: string, rate: string, layer: string, state = 'PORT_ACTIVE (4)') =>
    `hca_id:\t${name}\n\ttransport:\t\tInfiniBand (0)\n\t\tport:\t1\n\t\t\tstate:\t\t\t${state}\n${rate}\t\t\tlink_layer:\t\t${layer}\n`;
  const speed = (width: string, lane: string) =>
    `\t\t\tactive_width:\t\t${width}\n\t\t\tactive_speed:\t\t${lane}\n`;

  it.each([
    ['NDR', speed('4X (2)', '100.0 Gbps (128)'), 'InfiniBand', 'ib-ndr400'],
    ['EDR', speed('4X (2)', '25.0 Gbps (32)'), 'InfiniBand', 'ib-edr100'],
    ['HDR of half a port', speed('2X (16)', '50.0 Gbps (64)'), 'InfiniBand', 'ib-edr100'],
    ['200 GbE', speed('4X (2)', '50.0 Gbps (64)'), 'Ethernet', 'roce-200'],
  ])('ibv_devinfo -v: %s', (_, rate, layer, link) => {
    const { groups } = inventoryFrom({
      q: query('NVIDIA A100-SXM4-80GB', 81920, 8),
      i: device('mlx5_0', rate, layer) + device('mlx5_1', rate, layer),
    });
    expect(groups[0]!.nic).toMatchObject({ link, perNode: 2, devices: ['mlx5_0', 'mlx5_1'] });
    expect(groups[0]!.assumed.join()).not.toMatch(/network/);
  });

  it('without a rate has the layer, and says that the rate is assumed', () => {
    const { groups } = inventoryFrom({
      q: query('NVIDIA A100-SXM4-80GB', 81920, 8),
      i: device('mlx5_0', '', 'Ethernet'),
    });
    expect(groups[0]!.nic).toMatchObject({ link: 'roce-200', perNode: 1 });
    expect(groups[0]!.assumed.join()).toMatch(
      /rate of the network ports .* 25.00 GB\/s \(roce-200\) assumed/,
    );
  });

  it('leaves out ports that are down, by name', () => {
    const { ports, notes } = read(
      device('mlx5_0', speed('4X (2)', '100.0 Gbps (128)'), 'InfiniBand', 'PORT_DOWN (1)') +
        device('mlx5_1', '', 'InfiniBand'),
    );
    expect(ports.map((one) => one.devices)).toEqual([['mlx5_1']]);
    expect(notes.join()).toMatch(/mlx5_0 of f.txt/);
  });

  it('reads ibstatus, and only those near GPUs count', () => {
    const status = (name: string) =>
      `Infiniband device '${name}' port 1 status:\n\tstate:\t\t 4: ACTIVE\n\trate:\t\t 400 Gb/sec (4X NDR)\n\tlink_layer:\t InfiniBand\n`;
    const near = topo(
      2,
      () => 'NV18',
      ['mlx5_0', 'mlx5_1', 'mlx5_2'],
      (gpu, nic) => (gpu === nic ? 'PIX' : 'SYS'),
    );
    const { groups } = inventoryFrom({
      q: query('NVIDIA H100 80GB HBM3', 81559, 2),
      t: near,
      i: ['mlx5_0', 'mlx5_1', 'mlx5_2'].map(status).join(''),
    });
    expect(groups[0]!.nic).toMatchObject({ link: 'ib-ndr400', perNode: 2, devices: ['mlx5_0', 'mlx5_1'] });
  });
});

describe('network cards by their names', () => {
  const on = (gpu: string, mib: number, names: readonly string[], gpus = 8) =>
    inventoryFrom({
      q: query(gpu, mib, gpus),
      t: topo(
        gpus,
        () => 'NV18',
        names,
        (one, nic) => (Math.floor((nic * gpus) / names.length) === one ? 'PIX' : 'SYS'),
      ),
    }).groups[0]!;
  const named = (count: number, name: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => name(i));

  it.each([
    ['16 EFA cards of an H200', 'NVIDIA H200', 143771, named(16, (i) => `rdmap${i}s0`), 'efa-p5en', 16],
    ['32 EFA cards of an H200', 'NVIDIA H200', 143771, named(32, (i) => `rdmap${i}s0`), 'efa-p5', 32],
    ['EFA by its old name', 'NVIDIA H100 80GB HBM3', 81559, named(32, (i) => `efa_${i}`), 'efa-p5', 32],
    ['InfiniBand of Azure', 'NVIDIA H100 80GB HBM3', 81559, named(8, (i) => `mlx5_ib${i}`), 'ib-ndr400', 8],
    ['RoCE of Broadcom', 'NVIDIA H100 80GB HBM3', 81559, named(8, (i) => `bnxt_re${i}`), 'roce-400', 8],
    ['irdma', 'NVIDIA H100 80GB HBM3', 81559, named(8, (i) => `irdma${i}`), 'roce-100', 8],
    ['mana alone', 'NVIDIA H100 80GB HBM3', 81559, ['mana_0'], 'eth-100', 1],
    ['mana beside InfiniBand', 'NVIDIA H100 80GB HBM3', 81559, ['mlx5_ib0', 'mana_0'], 'ib-ndr400', 1],
    ['Slingshot', 'NVIDIA H100 80GB HBM3', 81559, named(4, (i) => `cxi${i}`), 'slingshot-11', 4],
    [
      'mlx5, which says nothing',
      'NVIDIA H100 80GB HBM3',
      81559,
      named(8, (i) => `mlx5_${i}`),
      'ib-ndr400',
      8,
    ],
  ])('%s', (_, gpu, mib, names, link, count) => {
    const group = on(gpu, mib, names);
    expect(group.nic).toMatchObject({ link, perNode: count });
    expect(group.assumed.join()).toMatch(/network/);
  });

  it('are held to the slots of an older host', () => {
    const csv = `name, memory.total [MiB], pcie.link.gen.max\n${'NVIDIA H100 PCIe, 81559 MiB, 4\n'.repeat(2)}`;
    const { groups } = inventoryFrom({ q: csv });
    expect(groups[0]!.nic).toMatchObject({ link: 'ib-ndr400', bandwidth: 31.5e9 });
    expect(imported({ q: csv }).cluster.groups[0]!.nic.link.bandwidth).toBe(31.5e9);
  });
});

describe('kubectl', () => {
  const node = (name: string, more: object = {}) => ({
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3',
        'node.kubernetes.io/instance-type': 'Standard_ND96isr_H100_v5',
      },
    },
    status: { capacity: { 'nvidia.com/gpu': '8' } },
    ...more,
  });

  it('get nodes -o json names hosts, GPUs and the type of instance', () => {
    const text = JSON.stringify({
      kind: 'List',
      items: [node('a'), node('b'), node('c', { spec: { unschedulable: true } })],
    });
    const { groups, notes } = inventoryFrom({ k: text });
    expect(groups).toMatchObject([
      { gpu: 'h100-sxm', hosts: ['a', 'b'], gpusPerNode: 8, nic: { link: 'ib-ndr400', perNode: 8 } },
    ]);
    expect(groups[0]!.assumed.join()).not.toMatch(/network/);
    expect(notes).toEqual([]);
    expect(read(text).notes).toEqual(['c left out: it is cordoned (Unschedulable)']);
  });

  it('describe of nodes without a product takes it from the type of instance', () => {
    const text = ['x', 'y']
      .map(
        (name) =>
          `Name:               ${name}\nLabels:             node.kubernetes.io/instance-type=a3-megagpu-8g\nCapacity:\n  nvidia.com/gpu:  8\n`,
      )
      .join('\n');
    expect(inventoryFrom({ k: text }).groups).toMatchObject([
      { gpu: 'h100-sxm', hosts: ['x', 'y'], nic: { link: 'gcp-tcpxo', perNode: 8 } },
    ]);
  });
});

describe('p2pBandwidthLatencyTest', () => {
  const text = (name: string, access: number, rate: number) =>
    [
      '[P2P (Peer-to-Peer) GPU Bandwidth Latency Test]',
      ...[0, 1].map((i) => `Device: ${i}, ${name}, pciBusID: ${i}, pciDeviceID: 0, pciDomainID:0`),
      'P2P Connectivity Matrix',
      '     D\\D     0     1',
      `     0\t     1     ${access}`,
      `     1\t     ${access}     1`,
      'Unidirectional P2P=Enabled Bandwidth (P2P Writes) Matrix (GB/s)',
      '   D\\D     0      1',
      `     0 900.00  ${rate}`,
      `     1  ${rate} 900.00`,
      '',
    ].join('\n');

  it.each([
    ['NVIDIA GeForce RTX 4090', 0, 20, 'pcie4-x16-nop2p'],
    ['NVIDIA GeForce RTX 4090', 1, 25, 'pcie4-x16-p2p'],
    ['NVIDIA RTX A6000', 1, 52, 'nvlink3-bridge-3090'],
    ['NVIDIA A100-SXM4-80GB', 1, 260, 'nvlink3'],
  ])('%s, access %i, %i GB/s: %s', (name, access, rate, link) => {
    const [group] = imported({ p: text(name, access, rate) }).cluster.groups;
    expect(group!.intraNode.id).toBe(link);
    expect((group!.intraNode.bandwidth * group!.intraNode.efficiency) / 1e9).toBeCloseTo(rate, 6);
  });

  it('of two of the eight GPUs of a host is of all', () => {
    const { groups } = inventoryFrom({
      p: text('NVIDIA GeForce RTX 4090', 0, 20),
      q: query('NVIDIA GeForce RTX 4090', 24564, 8),
    });
    expect(groups).toMatchObject([{ nodes: 1, gpusPerNode: 8, intraNode: 'pcie4-x16-nop2p' }]);
  });
});

describe('a log of nccl-tests as a source of hosts', () => {
  const log = (...ranks: { host: string; gpu?: string }[]) =>
    ncclText('sendrecv_perf', ranks, (n) => 2e-5 + n / 45e9);

  it('names hosts whose GPUs another tool counts', () => {
    const { draft } = imported({ q: smi(8), s: log({ host: 'a' }, { host: 'b' }) });
    expect(draft.groups).toMatchObject([{ nodes: 2, hosts: ['a', 'b'], gpusPerNode: 8 }]);
    expect(draft.unknown.join()).toMatch(
      /whether there are hosts beside the 2 that s:\d+ names: none assumed/,
    );
  });

  it('alone says that hosts may have more GPUs than it used', () => {
    const { draft } = imported({ s: log({ host: 'a' }, { host: 'b' }) });
    expect(draft.groups).toMatchObject([{ nodes: 2, gpusPerNode: 1 }]);
    expect(draft.unknown.join()).toMatch(/whether a has GPUs beside the 1 that s:\d+ used: none assumed/);
  });

  it('gives way to a scheduler', () => {
    const { draft } = imported({
      n: sinfoLine('x[1-4]', 'gpu:h100:8'),
      s: log({ host: 'a' }, { host: 'b' }),
    });
    expect(draft.groups).toMatchObject([{ nodes: 4, hosts: ['x1', 'x2', 'x3', 'x4'] }]);
  });

  it.each([
    ['PRRTE', '[prterun-node1-4242@1,3]<stdout>: '],
    ['MPICH', '[3] '],
    ['an indented log', '    [1,0]<stdout>:'],
  ])('is read with the prefix of %s', (_, prefix) => {
    const text = ncclText('all_reduce_perf', onHost('a', 8), (n) => 2e-5 + n / 200e9);
    expect(read(text.replaceAll(/^/gm, prefix)).curves).toEqual(read(text).curves);
  });
});

describe('which test a table is of', () => {
  it.each([
    [1.875, 'sum', null, { test: 'all_reduce', ranks: 16 }],
    [1.75, 'sum', null, { test: 'all_reduce', ranks: 8 }],
    [0.875, 'sum', null, { test: 'reduce_scatter', ranks: 8 }],
    [0.9375, 'none', null, { test: null, ranks: 16 }],
    [1, 'sum', 8, { test: 'sendrecv', ranks: 8 }],
    [1, 'sum', 2, { test: 'all_reduce', ranks: 2 }],
    [0.889, 'sum', 2, null],
    [1.3, 'sum', null, null],
  ])('bus over algorithm bandwidth %d, %s, ranks %s', (factor, redop, ranks, expected) => {
    expect(testByColumns([{ factor, redop, root: -1 }], ranks)).toEqual(expected);
  });

  it('is none with a root, or without rates', () => {
    expect(testByColumns([{ factor: 1, redop: 'sum', root: 0 }], 8)).toBeNull();
    expect(testByColumns([{ factor: null, redop: 'sum', root: -1 }], 8)).toBeNull();
  });
});
