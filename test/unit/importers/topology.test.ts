import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/domain/input-error.ts';
import { meshOf } from '../../../src/importers/facts/mesh.ts';
import { readFacts } from '../../../src/importers/formats/index.ts';
import { inventoryFrom, query, sample, sinfoLine, topo } from '../../fixtures/inventory.ts';

const topology = (text: string) => readFacts(text, 't').topologies[0]!;

/** DGX-1: two quads; NV1 and NV2 inside, NV2 across (NVIDIA DGX-1 With Tesla V100 System Architecture, figure 4). */
function cubeMesh(a: number, b: number): string {
  const quad = (gpu: number) => Math.floor(gpu / 4);
  if (quad(a) !== quad(b)) return a % 4 === b % 4 ? 'NV2' : 'SYS';
  return ['0-3', '1-2', '4-7', '5-6'].includes([a, b].toSorted().join('-')) ? 'NV2' : 'NV1';
}

describe('meshes', () => {
  it.each([
    [
      'none',
      [
        [0, 0],
        [0, 0],
      ],
    ],
    ['none', [[0]]],
    [
      'complete',
      [
        [0, 2],
        [2, 0],
      ],
    ],
    [
      'pairs',
      [
        [0, 4, 0, 0],
        [4, 0, 0, 0],
        [0, 0, 0, 4],
        [0, 0, 4, 0],
      ],
    ],
    [
      'pairs',
      [
        [0, 4, 0],
        [4, 0, 0],
        [0, 0, 0],
      ],
    ],
    [
      'partial',
      [
        [0, 1, 0],
        [1, 0, 1],
        [0, 1, 0],
      ],
    ],
    [
      'islands',
      [
        [0, 1, 1, 0],
        [1, 0, 1, 0],
        [1, 1, 0, 0],
        [0, 0, 0, 0],
      ],
    ],
  ] as const)('%s', (mesh, links) => {
    expect(meshOf(links)).toBe(mesh);
  });
});

describe('nvidia-smi topo -m', () => {
  it('reads spaces for tabs alike', () => {
    const tabs = sample('nvidia_smi_topo_hgx_h100_8nic.txt');
    expect(topology(tabs.replaceAll('\t', '    '))).toEqual(topology(tabs));
    expect(topology(tabs.replaceAll(/[\t ]+/g, ' '))).toEqual(topology(tabs));
  });

  it('counts the cards near a GPU, by the names of the legend or of the columns', () => {
    expect(topology(sample('nvidia_smi_topo_hgx_h100_8nic.txt'))).toMatchObject({
      nics: 8,
      nicsNear: true,
      nicNames: [0, 1, 2, 3, 4, 5, 6, 7].map((i) => `mlx5_${i}`),
    });
    const near = topo(
      2,
      () => 'NV12',
      ['bnxt_re0', 'rdmap16s27', 'mlx5_bond_0'],
      (gpu, nic) => (gpu === nic ? 'PXB' : 'SYS'),
    );
    expect(topology(near)).toMatchObject({ nics: 2, nicsNear: true, nicNames: ['bnxt_re0', 'rdmap16s27'] });
    expect(
      topology(
        topo(
          2,
          () => 'NV12',
          ['NIC0', 'NIC1'],
          () => 'NODE',
        ),
      ),
    ).toMatchObject({
      nics: 2,
      nicsNear: false,
      nicNames: [],
    });
    expect(
      topology(
        topo(
          2,
          () => 'NV12',
          ['NIC0'],
          () => 'PIX',
        ),
      ),
    ).toMatchObject({ nics: 1, nicNames: [] });
  });

  it.each([
    ['no GPUs', '\tNIC0\tCPU Affinity\nNIC0\t X \nGPU0 X\n', /no columns of GPUs/],
    [
      'a row without its cards',
      topo(2, () => 'SYS', ['NIC0']).replace('GPU1\tSYS\t X \tSYS', 'GPU1\tSYS\t X '),
      /row of GPU1/,
    ],
    ['another matrix of nvidia-smi', topo(2, () => 'OK'), /"OK" in the row of GPU0/],
  ])('refuses %s', (_, text, message) => {
    expect(() => topology(text)).toThrow(InputError);
    expect(() => topology(text)).toThrow(message);
  });
});

/** Link inside a node of `gpus` GPUs that Slurm calls `name`, with what is noted of it. */
function link(name: string, gpus: number, text: string) {
  const { groups, notes } = inventoryFrom({ s: sinfoLine('n[1-2]', `gpu:${name}:${gpus}`), t: text });
  return { link: groups[0]!.intraNode, from: groups[0]!.intraNodeFrom, notes: notes.join('\n') };
}

describe('the link inside a node', () => {
  it('takes the hybrid cube mesh of a DGX-1 for NVLink, and says it is partial', () => {
    const mesh = link('v100-sxm2-16gb', 8, topo(8, cubeMesh));
    expect(mesh.link).toBe('nvlink2');
    expect(mesh.notes).toMatch(/NVLink joins not every pair/);
    expect(topology(topo(8, cubeMesh))).toMatchObject({ mesh: 'partial', nvlinks: 2, nvlinksPerGpu: 6 });
  });

  it('has the bus where bridges join pairs', () => {
    const pairs = (a: number, b: number) => (Math.floor(a / 2) === Math.floor(b / 2) ? 'NV4' : 'SYS');
    expect(link('rtx_a6000', 4, topo(4, pairs))).toMatchObject({
      link: 'pcie4-x16-p2p',
      from: 'NVLink joins only pairs, t:1',
    });
  });

  it('makes a group of each island of NVLink, on the same hosts over the bus', () => {
    const quads = (a: number, b: number) => (Math.floor(a / 4) === Math.floor(b / 4) ? 'NV2' : 'SYS');
    const files = { s: sinfoLine('n[1-2]', 'gpu:v100-sxm2-16gb:8'), t: topo(8, quads) };
    const groups = inventoryFrom(files).groups;
    expect(groups.map((one) => [one.intraNode, one.bus, one.gpusPerNode, one.hosts])).toEqual([
      ['nvlink2', 'pcie3-x16', 4, ['n1', 'n2']],
      ['nvlink2', 'pcie3-x16', 4, ['n1', 'n2']],
    ]);
    expect(groups.map((one) => one.sharesCards)).toEqual([false, true]);
  });

  it('has the bus where islands are unlike', () => {
    const odd = (a: number, b: number) => (a < 3 && b < 3 ? 'NV2' : 'SYS');
    expect(link('v100-sxm2-16gb', 4, topo(4, odd))).toMatchObject({
      link: 'pcie3-x16',
      from: 'NVLink joins only some of the GPUs, t:1',
    });
  });

  it.each([
    ['rtx_a6000', 'NV4', 'nvlink3-bridge-3090', ''],
    ['a40', 'NV4', 'nvlink3-bridge-3090', ''],
    ['rtx3090', 'NV4', 'nvlink3-bridge-3090', ''],
    ['rtx_2080_ti', 'NV2', 'nvlink3-bridge-3090', 'NV2 of rtx-2080-ti is 50 GB/s one way'],
    ['a30', 'NV4', 'nvlink3-bridge-3090', 'NV4 of a30 is 100 GB/s one way'],
    ['h100-pcie', 'NV12', 'nvlink3-bridge', ''],
    ['a100-pcie-80gb', 'NV12', 'nvlink3-bridge', ''],
    ['a100-pcie-80gb', 'NV4', 'nvlink3-bridge-3090', 'NV4 of a100-80-pcie is 100 GB/s one way'],
    ['h100-nvl', 'NV12', 'nvlink4-nvl', ''],
    ['a100-sxm4-80gb', 'NV12', 'nvlink3', ''],
    ['h100-sxm', 'NV18', 'nvlink4', ''],
    ['b200', 'NV18', 'nvlink5', ''],
    ['v100-sxm2-16gb', 'NV1', 'pcie3-x16', 'NV1 of v100-sxm2-16 is 25 GB/s one way: the bus stands in'],
  ])('2 %s joined by %s: %s', (name, cell, expected, note) => {
    const found = link(
      name,
      2,
      topo(2, () => cell),
    );
    expect(found.link).toBe(expected);
    expect(found.notes).toContain(note);
    if (note === '') expect(found.notes).toBe('');
  });

  it('adds up the NVLinks of a board of four', () => {
    expect(
      link(
        'h100-sxm',
        4,
        topo(4, () => 'NV6'),
      ),
    ).toMatchObject({ link: 'nvlink4', notes: '' });
    expect(
      link(
        'a100-sxm4-40gb',
        4,
        topo(4, () => 'NV4'),
      ),
    ).toMatchObject({ link: 'nvlink3', notes: '' });
  });

  it('has no NVLink where a board shows none, and says that it is odd', () => {
    const found = link(
      'h100-sxm',
      2,
      topo(2, () => 'SYS'),
    );
    expect(found).toMatchObject({ link: 'pcie5-x16-p2p', from: 'no NVLink, t:1' });
    expect(found.notes).toMatch(/sold with NVLink/);
  });
});

const ROCM = sample('rocm_smi_showtopo.txt');

describe('which hosts a topology is of', () => {
  it.each([
    ['NVLink of another generation', 'a100-sxm4-80gb', 8, topo(8, () => 'NV18')],
    ['NVLink on AMD', 'mi300x', 8, topo(8, () => 'NV18')],
    ['another number of GPUs', 'h100-sxm', 4, topo(8, () => 'NV18')],
    ['XGMI on NVIDIA', 'h100-sxm', 4, ROCM],
    ['NVLink on a card without', 'l40s', 2, topo(2, () => 'NV4')],
  ])('%s is another host', (_, name, gpus, text) => {
    const found = link(name, gpus, text);
    expect(found.from).toBe('assumed');
    expect(found.notes).toMatch(/is of no host that is listed here: not used/);
  });

  it('judges XGMI as NVLink: pairs leave the bus to the others', () => {
    expect(link('mi210', 4, ROCM)).toMatchObject({
      link: 'pcie4-x16-p2p',
      from: 'XGMI joins only pairs, t:19',
    });
    const whole = ROCM.replaceAll('PCIE', 'XGMI');
    expect(link('mi300x', 4, whole)).toMatchObject({ link: 'xgmi-mi300x', from: 'XGMI, t:19' });
  });

  it('matches each group of a mixed cluster with its own', () => {
    const { groups, notes } = inventoryFrom({
      s:
        sinfoLine('n[1-2]', 'gpu:h100-sxm:8') +
        sinfoLine('m1', 'gpu:rtx_4090:8') +
        sinfoLine('o1', 'gpu:mi300x:8'),
      a: sample('nvidia_smi_topo_hgx_h100_8nic.txt'),
      b: topo(8, () => 'PHB'),
    });
    expect(groups.map((one) => [one.gpu, one.intraNode, one.intraNodeFrom, one.nic.perNode])).toEqual([
      ['h100-sxm', 'nvlink4', 'NV18, a:1', 8],
      ['rtx-4090', 'pcie4-x16-nop2p', 'no NVLink, b:1', 1],
      ['mi300x', 'xgmi-mi300x', 'assumed', 8],
    ]);
    expect(notes).toEqual([]);
    expect(groups[0]!.nic.devices).toHaveLength(8);
  });

  it('gives a topology that only one group fits to that group', () => {
    const { groups } = inventoryFrom({
      s: sinfoLine('n1', 'gpu:rtx_3090:2') + sinfoLine('m1', 'gpu:rtx_4090:2'),
      a: topo(2, () => 'NV4'),
      b: topo(2, () => 'PHB'),
    });
    expect(groups.map((one) => one.intraNode)).toEqual(['nvlink3-bridge-3090', 'pcie4-x16-nop2p']);
  });

  it('does not give boards with NVLink the topology of cards without', () => {
    const { groups } = inventoryFrom({
      s: sinfoLine('n1', 'gpu:h100-sxm:8') + sinfoLine('m1', 'gpu:rtx_4090:8'),
      t: topo(8, () => 'PHB'),
    });
    expect(groups.map((one) => [one.intraNode, one.intraNodeFrom])).toEqual([
      ['nvlink4', 'assumed'],
      ['pcie4-x16-nop2p', 'no NVLink, t:1'],
    ]);
  });

  it('refuses two that differ for one group, in their network cards too', () => {
    const cards = (n: number) =>
      topo(
        8,
        () => 'NV18',
        ['NIC0', 'NIC1'].slice(0, n),
        () => 'PIX',
      );
    const both = (a: string, b: string) => () =>
      inventoryFrom({ c: query('NVIDIA H100 80GB HBM3', 81559, 8), a, b });
    expect(both(cards(1), cards(2))).toThrow(/a:1 and b:1 show hosts of 8 h100-sxm that are not alike/);
    expect(both(cards(1), cards(1))).not.toThrow();
  });

  it('refuses meshes of one shape whose GPUs have unlike numbers of NVLinks', () => {
    const ring = (a: number, b: number) => (Math.abs(a - b) === 2 ? 'SYS' : 'NV2');
    const star = (a: number, b: number) => (a === 0 || b === 0 ? 'NV2' : 'SYS');
    const both = (other: typeof ring) => () =>
      inventoryFrom({
        s: sinfoLine('n1', 'gpu:tesla_v100-sxm2-16gb:4'),
        a: topo(4, ring),
        b: topo(4, other),
      });
    expect(both(star)).toThrow(/not alike/);
    expect(both(ring)).not.toThrow();
  });

  it('drops names of cards that differ between like hosts', () => {
    const cards = (name: string) =>
      topo(
        8,
        () => 'NV18',
        [name],
        () => 'PIX',
      );
    const { groups } = inventoryFrom({
      c: query('NVIDIA H100 80GB HBM3', 81559, 8),
      a: cards('mlx5_0'),
      b: cards('mlx5_1'),
    });
    expect(groups[0]!.nic).toMatchObject({ perNode: 1, devices: [] });
  });

  it('lists cards as unknown where none is near', () => {
    const { groups, unknown } = inventoryFrom({
      c: query('NVIDIA H100 80GB HBM3', 81559, 8),
      t: topo(
        8,
        () => 'NV18',
        ['NIC0', 'NIC1'],
        () => 'NODE',
      ),
    });
    expect(groups[0]!.nic).toMatchObject({ perNode: 2, devices: [] });
    expect(unknown.join()).toMatch(
      /which network cards of a NVIDIA H100 80GB HBM3 host serve its GPUs: all 2/,
    );
  });
});
