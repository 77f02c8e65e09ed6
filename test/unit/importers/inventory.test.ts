import { describe, expect, it } from 'vitest';
import { gpuIdOf, isSlice, productOf } from '../../../src/catalogue/gpu-names.ts';
import { listLinks } from '../../../src/catalogue/links.ts';
import { InputError } from '../../../src/domain/input-error.ts';
import { readFacts } from '../../../src/importers/formats/index.ts';
import { portOf } from '../../../src/importers/inventory/ports.ts';
import { inventoryFrom, KNOWN_GPUS, query, sample, sinfoLine, topo } from '../../fixtures/inventory.ts';

const H100 = 'NVIDIA H100 80GB HBM3';

/** Groups as GPU, nodes and GPUs a node. */
function groupsOf(files: Readonly<Record<string, string | null>>) {
  return inventoryFrom(files).groups.map((one) => [one.gpu, one.nodes, one.gpusPerNode]);
}

const zorse = (machine: string, name: string, gpus: number, memory: number | null = null) =>
  JSON.stringify({
    machines: [
      { machine, gpus: Array(gpus).fill({ name, ...(memory === null ? {} : { memory_total_mib: memory }) }) },
    ],
  });

describe('product names', () => {
  it.each([
    ['tesla_v100-sxm2-16gb', null, ['v100-sxm2-16']],
    ['nvidia_a100-pcie-40gb', null, ['a100-40-pcie']],
    ['a100-40g', null, ['a100-40-sxm', 'a100-40-pcie']],
    ['a100_80', null, ['a100-80-sxm', 'a100-80-pcie']],
    ['A100', 81920, ['a100-80-sxm', 'a100-80-pcie']],
    ['NVIDIA H100 96GB HBM3', 97871, ['h100-sxm-96-500w']],
    ['NVIDIA GH200 480GB', 97871, ['gh200']],
    ['NVIDIA GH200 480GB', null, ['gh200']],
    ['NVIDIA H100 80GB HBM3', 81559, ['h100-sxm']],
    ['NVIDIA GeForce RTX 2080 Ti', 11264, ['rtx-2080-ti']],
    ['NVIDIA B300 SXM6 AC', 275040, ['b300']],
    ['AMD INSTINCT MI250X', 65520, ['mi250x-gcd']],
    ['mi250x_gcd', null, ['mi250x-gcd']],
    ['NVIDIA TITAN RTX', 24576, ['titan-rtx']],
    ['NVIDIA GeForce RTX 4090 D', 24564, ['rtx-4090-d']],
    ['rtx_4090_48gb', null, ['rtx-4090-48']],
    ['NVIDIA GeForce RTX 4090', null, ['rtx-4090']],
    ['NVIDIA GeForce RTX 3090 Ti', 24564, ['rtx-3090-ti']],
    ['NVIDIA GH200 144G HBM3e', 146831, ['gh200-144']],
    ['NVIDIA H20-3e', 143771, ['h20-3e']],
    ['AMD Instinct MI300A', null, ['mi300a']],
    ['tpu-v5-lite-podslice', null, ['tpu-v5e']],
    ['Ascend910B3', 65536, ['ascend-910b']],
  ])('%s', (name, memory, ids) => {
    expect(productOf(name, memory)).toMatchObject({ ids, standIn: false });
  });

  it.each([
    ['NVIDIA GeForce RTX 4090 Laptop GPU', 16376],
    ['NVIDIA GeForce RTX 2080', 8192],
    ['NVIDIA GeForce RTX 2080 SUPER', 8192],
    ['NVIDIA GeForce RTX 3060 Ti', 8192],
    ['rtx3080ti', null],
    ['NVIDIA RTX PRO 6000 Blackwell Max-Q Workstation Edition', 97887],
    ['GRID A100-10C', 10240],
    ['NVIDIA A40-48Q', 49152],
    ['NVIDIA A100-SXM4-40GB MIG 1g.5gb', 4864],
    ['NVIDIA A800 40GB Active', 40960],
  ])('%s is another product', (name, memory) => {
    expect(productOf(name, memory)).toBeNull();
  });

  it.each([
    ['Tesla V100-PCIE-32GB', 32768, 'v100-sxm2-32', 'pcie3-x16'],
    ['NVIDIA H800 PCIe', 81559, 'h800-sxm', 'pcie5-x16-p2p'],
  ])('%s has a stand-in, said so, and no NVLink by default', (name, memory, gpu, link) => {
    const { groups, notes } = inventoryFrom({ q: query(name, memory, 2) });
    expect(groups[0]).toMatchObject({ gpu, intraNode: link });
    expect(notes).toEqual([`"${name}", q:2 is not in the catalogue: ${gpu} stands in for it, in a slot`]);
  });

  it.each([
    ['NVIDIA GeForce RTX 3080', 20480, 'rtx-3080', 20480],
    ['NVIDIA GeForce RTX 4090', 49140, 'rtx-4090', 49140],
    ['NVIDIA GeForce RTX 2080 Ti', 22528, 'rtx-2080-ti', 22528],
    ['NVIDIA A100-SXM-64GB', 65536, 'a100-80-sxm', null],
  ])('%s of %i MiB is a known card with the memory that it reports', (name, mib, gpu, above) => {
    const { groups, notes } = inventoryFrom({ q: query(name, mib, 4) });
    expect(groups[0]).toMatchObject({ gpu, memoryMiB: above, usableMemoryMiB: above === null ? mib : null });
    expect(notes.join()).toMatch(/its memory as stated, its speed that of/);
  });

  it('knows each id of the catalogue as its own name', () => {
    for (const id of KNOWN_GPUS.ids) {
      const [group] = inventoryFrom({ z: zorse('n1', id, 4) }).groups;
      expect(group!.gpu).toBe(id);
    }
  });

  it('sees slices', () => {
    expect(['nvidia_a100_1g.10gb', '1g.5gb', 'mig-1g.10gb', 'a100'].map(isSlice)).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });
});

describe('a host that several lines name', () => {
  it('counts once, with each source', () => {
    const lines = sinfoLine('n1', 'gpu:h100:8').repeat(2) + sinfoLine('n2', 'gpu:h100:8');
    const { groups } = inventoryFrom({ 's.txt': lines, 't.txt': sinfoLine('n[1-2]', 'gpu:h100:8') });
    expect(groups).toMatchObject([{ nodes: 2, hosts: ['n1', 'n2'], gpusPerNode: 8 }]);
    expect(groups[0]!.gpuFrom).toBe('"h100", s.txt:1; "h100", t.txt:1');
  });

  it('says which is assumed of a host beside one that is known', () => {
    const { groups, unknown } = inventoryFrom({
      s: sinfoLine('n[1-2]', 'gpu:a100:4'),
      z: zorse('n1', 'a100-sxm4-80gb', 4, 81920),
    });
    expect(groups).toMatchObject([{ gpu: 'a100-80-sxm', nodes: 2 }]);
    expect(unknown).toContain('which a100: a100-80-sxm assumed');
  });

  it('counts once where one list repeats it', () => {
    expect(groupsOf({ s: sinfoLine('n1,n[1-2]', 'gpu:h100:8') })).toEqual([['h100-sxm', 2, 8]]);
  });

  it('stands apart from hosts whose card only stands in for its own', () => {
    const lines =
      sinfoLine('n1', 'gpu:tesla_v100-sxm2-32gb:4') + sinfoLine('n2', 'gpu:tesla_v100-pcie-32gb:4');
    expect(inventoryFrom({ s: lines }).groups.map((one) => [one.id, one.hosts, one.intraNode])).toEqual([
      ['v100-sxm2-32', ['n1'], 'nvlink2'],
      ['v100-sxm2-32-2', ['n2'], 'pcie3-x16'],
    ]);
  });

  it('takes the most exact source', () => {
    const { groups, unknown } = inventoryFrom({
      s: sinfoLine('n[1-2]', 'gpu:a100:4'),
      z: zorse('n1', 'a100-pcie-40gb', 4, 40960),
    });
    expect(groups.map((one) => [one.gpu, one.hosts])).toEqual([
      ['a100-40-pcie', ['n1']],
      ['a100-80-sxm', ['n2']],
    ]);
    expect(unknown.filter((one) => one.startsWith('which'))).toEqual(['which a100: a100-80-sxm assumed']);
  });

  it.each([
    ['another count', 'h100', 4],
    ['another part of the family', 'h100-pcie', 8],
  ])('refuses %s, naming both lines', (_, name, gpus) => {
    const both = () => inventoryFrom({ s: sinfoLine('n1', 'gpu:h100-sxm:8'), z: zorse('n1', name, gpus) });
    expect(both).toThrow(InputError);
    expect(both).toThrow(/n1 has 8 × h100-sxm \(s:1\), and . × h100.*\(z:1\)/);
  });

  it('is left out where one file says that it runs no jobs', () => {
    const { groups, notes } = inventoryFrom({
      s: sinfoLine('n[1-3]', 'gpu:h100:8'),
      t: 'NodeName=n2 Gres=gpu:h100:8 State=MIXED+DRAIN\n',
    });
    expect(groups).toMatchObject([{ hosts: ['n1', 'n3'], nodes: 2 }]);
    expect(inventoryFrom({ s: sinfoLine('n[1-3]', 'gpu:h100:8') }).groups[0]!.nodes).toBe(3);
    expect(notes).toEqual([]);
    expect(() => inventoryFrom({ s: sinfoLine('n[1-3]', 'gpu:h100:8', '(null)', 'down*') })).toThrow(
      /n1 and 2 more with GPUs run no jobs/,
    );
  });

  it('keeps two kinds of GPU of one host', () => {
    expect(groupsOf({ s: sinfoLine('n1', 'gpu:a100-sxm4-80gb:4,gpu:l40s:2').repeat(2) })).toEqual([
      ['a100-80-sxm', 1, 4],
      ['l40s', 1, 2],
    ]);
  });

  it('groups by the port, not by the words of all features', () => {
    const lines = sinfoLine('n1', 'gpu:h100:8', 'rack1,ib400') + sinfoLine('n2', 'gpu:h100:8', 'rack2,ndr');
    expect(groupsOf({ s: lines })).toEqual([['h100-sxm', 2, 8]]);
    const other = lines + sinfoLine('n3', 'gpu:h100:8', 'roce400');
    expect(inventoryFrom({ s: other }).groups.map((one) => [one.nic.link, one.nodes])).toEqual([
      ['ib-ndr400', 2],
      ['roce-400', 1],
    ]);
  });
});

describe('a sample of one host', () => {
  it('decides what a bare name leaves open, and brings memory and PCIe generation', () => {
    const csv = `name, memory.total [MiB], pcie.link.gen.max\n${'NVIDIA A100-PCIE-40GB, 40000 MiB, 3\n'.repeat(4)}`;
    const { groups, unknown } = inventoryFrom({ s: sinfoLine('n[1-9]', 'gpu:a100:4'), q: csv });
    expect(groups).toMatchObject([
      { gpu: 'a100-40-pcie', nodes: 9, usableMemoryMiB: 40000, intraNode: 'pcie3-x16' },
    ]);
    expect(groups[0]!.gpuFrom).toBe('"NVIDIA A100-PCIE-40GB", q:2; "a100", s:1');
    expect(unknown.join()).not.toMatch(/which/);
  });

  it('says no memory where the report is not below the catalogue', () => {
    expect(inventoryFrom({ q: query(H100, 81559, 8) }).groups[0]!.usableMemoryMiB).toBeNull();
    expect(inventoryFrom({ q: query(H100, 80000, 8) }).groups[0]!.usableMemoryMiB).toBe(80000);
  });

  it.each([
    ['another count', query('NVIDIA A100-PCIE-40GB', 40960, 2), 'gpu:a100:4', 'a100-80-sxm'],
    [
      'another card under the same first word',
      query('NVIDIA GeForce RTX 3090', 24576, 4),
      'gpu:rtx_4090:4',
      'rtx-4090',
    ],
    [
      'a name that says more',
      query('NVIDIA A100-PCIE-40GB', 40960, 4),
      'gpu:a100-sxm4-80gb:4',
      'a100-80-sxm',
    ],
  ])('changes nothing for %s, and is noted', (_, csv, gres, gpu) => {
    const { groups, notes } = inventoryFrom({ s: sinfoLine('n1', gres), q: csv });
    expect(groups.map((one) => one.gpu)).toEqual([gpu]);
    expect(notes.join()).toMatch(/is on no host that the other files name: not used/);
  });

  it('leaves open what two samples tell apart', () => {
    const { groups, unknown } = inventoryFrom({
      s: sinfoLine('n[1-2]', 'gpu:a100:4'),
      p: query('NVIDIA A100-SXM4-80GB', 81920, 4),
      q: query('NVIDIA A100-SXM4-40GB', 40960, 4),
    });
    expect(groups[0]!.gpu).toBe('a100-40-sxm');
    expect(unknown).toContain(
      'which a100: "NVIDIA A100-SXM4-80GB", p:2 and "NVIDIA A100-SXM4-40GB", q:2 both fit',
    );
  });

  it('names what Slurm only counts; without one, features do, or it is an error', () => {
    const slurm = sinfoLine('n[1-2]', 'gpu:8');
    expect(groupsOf({ s: slurm, q: query(H100, 81559, 8) })).toEqual([['h100-sxm', 2, 8]]);
    expect(groupsOf({ s: sinfoLine('n[1-2]', 'gpu:8', 'ib400,h200') })).toEqual([['h200-sxm', 2, 8]]);
    expect(groupsOf({ s: sinfoLine('n[1-2]', 'gpu:tesla:8'), q: query('Tesla T4', 15360, 8) })).toEqual([
      ['t4', 2, 8],
    ]);
    expect(() => inventoryFrom({ s: slurm })).toThrow(/s:1: 8 GPUs a host, and which is not said/);
    expect(() =>
      inventoryFrom({ s: slurm, p: query(H100, 81559, 8), q: query('NVIDIA L4', 23034, 8) }),
    ).toThrow(/both fit/);
  });
});

describe('hosts without names', () => {
  it('are one for each file', () => {
    const one = inventoryFrom({ p: query(H100, 81559, 8) });
    expect(one.unknown).toContain('host names and how many hosts there are: one is assumed');
    const two = inventoryFrom({ p: query(H100, 81559, 8), q: query(H100, 81559, 8) });
    expect(two.groups).toMatchObject([{ nodes: 2, hosts: [] }]);
    expect(two.unknown.join()).toMatch(/more hosts than those that the files are of/);
    expect(two.unknown.join()).not.toMatch(/one is assumed/);
  });
});

describe('machine_amounts.json', () => {
  it('counts its machines: only their names are not known', () => {
    const text = JSON.stringify({ machine_amounts: { '4090': { '8': 2 } } });
    const { groups, unknown } = inventoryFrom({ m: text });
    expect(groups).toMatchObject([{ gpu: 'rtx-4090', nodes: 2, gpusPerNode: 8 }]);
    expect(unknown.join()).not.toMatch(/how many hosts|more hosts/);
  });
});

describe('an output that srun or pdsh joined', () => {
  it.each([
    ['with the header of each host', query(H100, 81559, 8).repeat(2)],
    [
      'without headers, by index',
      Array.from({ length: 16 }, (_, i) => `${i % 8}, ${H100}, 81559`).join('\n'),
    ],
  ])('is of as many hosts, %s', (_, text) => {
    expect(groupsOf({ q: text })).toEqual([['h100-sxm', 2, 8]]);
  });

  it('takes no other figure for an index', () => {
    expect(groupsOf({ q: `${H100}, 81559 MiB, 5, 16\n`.repeat(8) })).toEqual([['h100-sxm', 1, 8]]);
  });
});

describe('GPUs outside the catalogue', () => {
  it('leave their hosts out, and fail only alone', () => {
    const { groups, notes } = inventoryFrom({
      s: sinfoLine('n1', 'gpu:h100:8') + sinfoLine('n2', 'gpu:m40:4'),
    });
    expect(groups.map((one) => one.hosts)).toEqual([['n1']]);
    expect(notes).toEqual(['n2 left out: "m40", s:2 is not in the catalogue']);
    expect(() => inventoryFrom({ s: sinfoLine('n2', 'gpu:m40:4') })).toThrow(
      /no GPU of the catalogue is called "m40"/,
    );
  });
});

describe('what a cluster file cannot hold', () => {
  it.each([
    ['1025 GPUs', sinfoLine('n1', 'gpu:h100:1025'), /1025 GPUs a host/],
    ['a name with spaces', zorse('my host', 'l4', 1), /host name "my host"/],
    ['a name for a shell', zorse('a;b', 'l4', 1), /host name "a;b"/],
  ])('%s', (_, text, message) => {
    expect(() => inventoryFrom({ f: text })).toThrow(InputError);
    expect(() => inventoryFrom({ f: text })).toThrow(message);
  });
});

const ROCM8 = `Link Type between two GPUs\n${Array.from({ length: 8 }, (_, a) => `GPU${a} ${Array.from({ length: 8 }, (_, b) => (a === b ? '0' : 'XGMI')).join(' ')}`).join('\n')}\n`;

describe('MI250X', () => {
  it.each([
    ['8 a host', { s: sinfoLine('n1', 'gpu:mi250x:8') }, 'mi250x-gcd', 8],
    ['4 a host that rocm-smi shows as 8', { s: sinfoLine('n1', 'gpu:mi250x:4'), t: ROCM8 }, 'mi250x-gcd', 8],
    ['the memory of one die', { z: zorse('n1', 'AMD Instinct MI250X', 4, 65520) }, 'mi250x-gcd', 4],
    ['the memory of both dies', { z: zorse('n1', 'AMD Instinct MI250X', 4, 131040) }, 'mi250x', 4],
  ] as const)('%s', (_, files, gpu, gpus) => {
    expect(groupsOf(files)).toEqual([[gpu, 1, gpus]]);
  });

  it('is open otherwise', () => {
    const { groups, unknown } = inventoryFrom({ s: sinfoLine('n1', 'gpu:mi250x:4') });
    expect(groups[0]).toMatchObject({ gpu: 'mi250x', gpusPerNode: 4 });
    expect(unknown).toContain('which mi250x: mi250x assumed');
  });
});

describe('rocm-smi', () => {
  const gpu = (i: number) =>
    `GPU[${i}]\t\t: Card Series: \t\tAMD Instinct MI300X\nGPU[${i}]\t\t: VRAM Total Memory (B): 206141652992\n`;

  it('is an inventory by product and memory, as text or CSV', () => {
    const text = `=== ROCm System Management Interface ===\n${gpu(0)}${gpu(1)}`;
    expect(groupsOf({ r: text })).toEqual([['mi300x', 1, 2]]);
    const csv =
      'device,Card Series,Card Model,VRAM Total Memory (B)\ncard0,AMD Instinct MI300X,0x74a1,206141652992\n';
    expect(groupsOf({ r: csv })).toEqual([['mi300x', 1, 1]]);
    expect(readFacts(csv, 'r').hosts[0]!.memoryMiB).toBe(196592);
  });

  it('without a product says how to learn it', () => {
    expect(() => inventoryFrom({ t: ROCM8 })).toThrow(/t:1 shows 8 GPUs, XGMI[\s\S]*--showproductname/);
  });
});

describe('nvidia-smi --query-gpu', () => {
  const fact = (text: string) => readFacts(text, 'q').hosts[0]!;

  it('reads columns by the header', () => {
    const text = [
      'name, memory.used [MiB], memory.total [MiB], pcie.link.gen.current, pcie.link.gen.max, pcie.link.width.max',
      `${H100}, 70000 MiB, 81559 MiB, 1, 5, 8`,
    ].join('\n');
    expect(fact(text)).toMatchObject({ gpuName: H100, memoryMiB: 81559, pcieGeneration: 5 });
    expect(readFacts(text, 'q').notes.join()).toMatch(/8 PCIe lanes/);
    expect(
      fact('name, memory.total [MiB], pcie.link.gen.gpumax\nNVIDIA L4, 23034 MiB, 4').pcieGeneration,
    ).toBe(4);
    expect(
      fact('name, memory.total [MiB], pcie.link.gen.current\nNVIDIA L4, 23034 MiB, 1').pcieGeneration,
    ).toBeNull();
  });

  it.each([
    ['name first', 'NVIDIA L4, 23034 MiB'],
    ['uuid between', '0, GPU-5b2f, NVIDIA L4, 23034 MiB'],
    ['used and total', '0, NVIDIA L4, 300 MiB, 23034 MiB'],
    ['no vendor', '0, L4, 23034'],
  ])('finds name and memory by shape: %s', (_, row) => {
    expect(fact(row)).toMatchObject({ memoryMiB: 23034, gpusPerHost: 1 });
    expect(gpuIdOf(fact(row).gpuName!, null)).toBe('l4');
  });

  it('takes memory that the driver does not say from the name', () => {
    expect(fact('0, NVIDIA A100-SXM4-40GB, [N/A]')).toMatchObject({ memoryMiB: null });
    expect(groupsOf({ q: 'index, name, memory.total [MiB]\n0, NVIDIA A100-SXM4-40GB, [N/A]' })).toEqual([
      ['a100-40-sxm', 1, 1],
    ]);
  });

  it('refuses a row that was cut off', () => {
    expect(() => fact('name, memory.total [MiB], index\nNVIDIA L4, 23034 MiB')).not.toThrow(TypeError);
    expect(() => fact('name, memory.total [MiB], index\nNVIDIA L4, 23034 MiB')).toThrow(/q:2.*no row/);
  });
});

describe('files', () => {
  it('of two formats are read as both', () => {
    const text = `${query(H100, 81559, 8)}${sample('nvidia_smi_topo_hgx_h100_8nic.txt')}`;
    expect(inventoryFrom({ both: text }).groups).toMatchObject([
      { gpu: 'h100-sxm', intraNode: 'nvlink4', nic: { perNode: 8 } },
    ]);
  });

  it('in UTF-16 are named so', () => {
    const text = Buffer.from(`\uFEFF${query(H100, 81559, 1)}`, 'utf16le').toString('utf8');
    expect(() => readFacts(text, 'f')).toThrow(/f is UTF-16/);
  });
});

describe('networks', () => {
  it.each([
    ['ib400', 'ib-ndr400'],
    ['ndr', 'ib-ndr400'],
    ['ndr400', 'ib-ndr400'],
    ['hdr', 'ib-hdr200'],
    ['hdr100', 'ib-edr100'],
    ['edr100', 'ib-edr100'],
    ['xdr800', 'ib-xdr800'],
    ['IB-200', 'ib-hdr200'],
    ['roce800', 'roce-800'],
    ['eth400', 'eth-400'],
    ['eth-40', 'eth-40'],
    ['25gbe', 'eth-25'],
    ['slingshot11', 'slingshot-11'],
    ['opa', 'omni-path-100'],
    ['efa', 'efa-p5'],
    ['p5en.48xlarge', 'efa-p5en'],
    ['tcpxo', 'gcp-tcpxo'],
  ])('%s', (feature, link) => {
    expect(portOf([feature], 'h100-sxm')).toMatchObject({ link, feature });
    expect(listLinks()).toContain(link);
  });

  it.each(['ibex', 'rack400', 'ethan', 'h100', 'nodelist'])('%s names none', (feature) => {
    expect(portOf([feature], 'h100-sxm').feature).toBeNull();
  });

  it.each([
    ['ib', 'h100-sxm', 'ib-ndr400'],
    ['infiniband', 'a100-80-sxm', 'ib-hdr200'],
    ['roce', 'a100-80-sxm', 'roce-200'],
    ['rdma', 'rtx-4090', 'roce-25'],
  ])('%s names a layer: its rate is that of %s hosts, and assumed', (feature, gpu, link) => {
    expect(portOf([feature], gpu)).toMatchObject({ link, feature, rateAssumed: true });
    expect(portOf([feature, 'hdr'], gpu)).toMatchObject({ link: 'ib-hdr200', rateAssumed: false });
  });

  it('has the ports that instances of a cloud have', () => {
    const { groups } = inventoryFrom({ s: sinfoLine('n1', 'gpu:h100:8', 'efa') });
    expect(groups[0]!.nic).toMatchObject({ link: 'efa-p5', perNode: 32, perNodeFrom: 'assumed' });
  });
});

describe('GB200', () => {
  it.each([
    ['n[1-18]', 72],
    ['n[1-36]', 72],
    ['n[1-5]', 4],
  ])('on %s is taken for NVLink domains of %i, and says so', (hosts, domain) => {
    const { groups, unknown } = inventoryFrom({ s: sinfoLine(hosts, 'gpu:gb200:4') });
    expect(groups[0]!.fastDomainGpus ?? groups[0]!.gpusPerNode).toBe(domain);
    expect(unknown.join()).toMatch(new RegExp(`NVLink domain of gb200 hosts: ${domain} assumed`));
  });
});

describe('network cards', () => {
  it('are those of the topology, by name', () => {
    const cards = ['mlx5_0', 'mlx5_1', 'mlx5_2'];
    const { groups } = inventoryFrom({
      s: sinfoLine('n[1-2]', 'gpu:h100:2'),
      t: topo(
        2,
        () => 'NV18',
        cards,
        (gpu, nic) => (gpu === nic ? 'PIX' : 'SYS'),
      ),
    });
    expect(groups[0]!.nic).toMatchObject({ perNode: 2, devices: ['mlx5_0', 'mlx5_1'], perNodeFrom: 't:1' });
  });
});
