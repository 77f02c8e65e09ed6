import { describe, expect, it } from 'vitest';
import { clusterFromText, loadCluster } from '../../../src/catalogue/clusters.ts';
import { gpuCalled } from '../../../src/catalogue/gpu-names.ts';
import { linkId } from '../../../src/catalogue/link-names.ts';
import { listShapes, loadShape, shapeCalled } from '../../../src/catalogue/shapes.ts';
import { run } from '../../fixtures/run.ts';

describe('what people call a GPU', () => {
  it.each([
    ['h100', 'h100-sxm'],
    ['H100-SXM', 'h100-sxm'],
    ['a100-40gb', 'a100-40-sxm'],
    ['a100-80gb', 'a100-80-sxm'],
    ['NVIDIA A100-PCIE-40GB', 'a100-40-pcie'],
    ['NVIDIA H100 80GB HBM3', 'h100-sxm'],
    ['NVIDIA GeForce RTX 4090', 'rtx-4090'],
    ['4090', 'rtx-4090'],
    ['mi300x', 'mi300x'],
    ['AMD Instinct MI300X', 'mi300x'],
  ])('%s', (word, id) => {
    expect(gpuCalled(word).id).toBe(id);
  });

  it.each(['h100-sxn', 'rtx 4090 laptop', 'm40', 'a100 mig 1g.5gb', 'h1000'])('%s is none', (word) => {
    expect(gpuCalled(word)).toEqual({ id: word, open: false });
  });

  it('is told where the word leaves it open', () => {
    const [group] = file('a100', 'nvlink3', 'hdr').groups;
    expect(group!.gpu.id).toBe('a100-80-sxm');
    expect(file('a100', 'nvlink3', 'hdr').assumptions).toContain('a: which a100: a100-80-sxm');
    expect(file('a100-80-sxm', 'nvlink3', 'hdr').assumptions.join()).not.toMatch(/which/);
  });
});

function file(gpu: string, link: string, nic: string) {
  return clusterFromText(
    `schema: shardwright.cluster/1\ngroups:\n  - { id: a, gpu: ${gpu}, nodes: 2, gpusPerNode: 8, intraNode: ${link}, nic: { link: ${nic}, perNode: 8 } }\n`,
    'c.yaml',
  );
}

describe('what people call a link', () => {
  it.each([
    ['ndr', 'ib-ndr400'],
    ['infiniband', 'ib-ndr400'],
    ['InfiniBand-200', 'ib-hdr200'],
    ['100GbE', 'eth-100'],
    ['rocev2-400g', 'roce-400'],
    ['efa', 'efa-p5'],
    ['ss-11', 'slingshot-11'],
    ['nvlink4', 'nvlink4'],
  ])('%s', (word, id) => {
    expect(linkId(word)).toBe(id);
  });

  it('is told where the word says no rate', () => {
    expect(file('h100', 'nvlink4', 'roce').groups[0]!.nic.link.id).toBe('roce-400');
    expect(file('h100', 'nvlink4', 'roce').assumptions).toContain('a: the rate of "roce": roce-400');
    expect(file('h100', 'nvlink4', 'ndr').assumptions.join()).not.toMatch(/the rate of/);
  });
});

describe('hosts that clouds rent', () => {
  it.each(listShapes())('%s is a cluster, of one host or of several', (id) => {
    const { gpu, gpusPerNode, nic } = loadShape(id);
    for (const [name, nodes] of [
      [id, 1],
      [`${id}x16`, 16],
      [`${id}-x4`, 4],
    ] as const) {
      const { value } = loadCluster(name);
      expect(value.groups).toMatchObject([
        { nodes, gpusPerNode, gpu: { id: gpu }, nic: { perNode: nic.perNode } },
      ]);
      expect(/how many hosts: one/.test(value.assumptions.join())).toBe(nodes === 1);
    }
  });

  it.each([
    ['p5.48xlarge', 'aws-p5'],
    ['p5en.48xlarge', 'aws-p5en'],
    ['p5-dy-gpu-1', 'aws-p5'],
    ['Standard_ND96isr_H100_v5', 'azure-nd-h100-v5'],
    ['a3-megagpu-8g', 'gcp-a3-mega'],
    ['BM.GPU.H100.8', 'oci-h100'],
  ])('%s names one', (word, id) => {
    expect(shapeCalled(word)!.id).toBe(id);
  });

  it.each(['p5x', 'p50', 'aws', 'h100'])('%s names none', (word) => {
    expect(shapeCalled(word)).toBeNull();
  });

  it('plans as any cluster', async () => {
    const { code, out } = await run([
      ...['plan', 'llama-3.2-1b', 'aws-p5x2', '--seq-length', '2048', '--global-batch', '16'],
    ]);
    expect(code).toBe(0);
    expect(out).toMatch(/aws-p5x2/);
  });
});

describe('accelerators that bring launchers of their own', () => {
  it("have no launch files here, by name, and plans for a runtime of one's own", async () => {
    const asked = ['plan', 'llama-3.2-1b', 'aws-trn2', '--seq-length', '2048', '--global-batch', '16'];
    const refused = await run(asked);
    expect(refused.code).not.toBe(0);
    expect(refused.out + refused.err).toMatch(/vendor: .*AWS Trainium 2[\s\S]*--launcher any/);
    expect((await run([...asked, '--launcher', 'any'])).code).toBe(0);
  });
});

describe('what was guessed of a cluster', () => {
  const guessed = (more: string) =>
    clusterFromText(
      `schema: shardwright.cluster/1\nassumed: ["one host"]\ngroups:\n  - id: a\n    gpu: rtx-4090\n    nodes: 1\n    gpusPerNode: 4\n    intraNode: pcie4-x16-nop2p\n${more}`,
      'c.yaml',
    );

  it('stands among its assumptions, and is the weakest provenance', () => {
    const { assumptions, groups } = guessed('    assumed: ["the bus"]\n');
    expect(assumptions).toEqual(expect.arrayContaining(['one host', 'a: the bus']));
    expect(groups[0]!.provenance).toBe('assumed');
    expect(guessed('').groups[0]!.provenance).toBe('datasheet');
  });

  it('is not the memory of a card of another size, which is taken as stated', () => {
    expect(guessed('    memory: 49140 MiB\n').groups[0]!.gpu.memoryBytes).toBe(49140 * 2 ** 20);
    expect(() => guessed('    usableMemory: 49140 MiB\n')).toThrow(/at most what[\s\S]*Maybe memory/);
    expect(() => guessed('    memory: 20 GiB\n    usableMemory: 22 GiB\n')).toThrow(/at most what/);
  });

  it('is not what two GPUs were measured to reach', () => {
    const { intraNode } = guessed('    intraNodeMeasured: 20 GB/s\n').groups[0]!;
    expect(intraNode.bandwidth * intraNode.efficiency).toBeCloseTo(20e9, 0);
    expect(intraNode.provenance).toBe('measured');
  });
});

describe('commands of the catalogue', () => {
  it.each([
    ['gpu', 'h100', 'h100-sxm'],
    ['link', 'infiniband', 'ib-ndr400'],
    ['stack', 'megatron-core', 'megatron-core'],
  ])('%s list has each, show tells one', async (kind, word, id) => {
    const listed = await run([kind, 'list']);
    expect(listed.out.split('\n')).toContain(id);
    const json = JSON.parse((await run([kind, 'list', '--json'])).out) as Record<string, unknown>;
    expect(json[`${kind}s`]).toContain(id);
    const shown = await run([kind, 'show', word]);
    expect(shown.out).toMatch(new RegExp(`^${id}: `));
    const report = JSON.parse((await run([kind, 'show', word, '--json'])).out) as Record<
      string,
      { id: string }
    >;
    expect(report[kind]!.id).toBe(id);
    const odd = await run([kind, 'show', 'voodoo']);
    expect(odd.code).toBe(2);
    expect(odd.err).toMatch(new RegExp(`shardwright ${kind} list`));
  });
});
