import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCluster } from '../../../src/catalogue/clusters.ts';
import { gpuIdOf } from '../../../src/catalogue/gpu-names.ts';
import { listGpus, loadGpu } from '../../../src/catalogue/gpus.ts';
import { loadLink } from '../../../src/catalogue/links.ts';
import { InputError } from '../../../src/domain/input-error.ts';
import { merged } from '../../../src/importers/draft/merge.ts';
import { renderCluster } from '../../../src/importers/draft/render.ts';
import { IMPORTERS, readFacts } from '../../../src/importers/formats/index.ts';
import { run } from '../../fixtures/run.ts';

const FOLDER = 'test/fixtures/discovery';
const text = (name: string) => readFileSync(join(FOLDER, name), 'utf8');
const facts = (name: string) => readFacts(text(name), name);
const gpus = {
  ids: listGpus(),
  nearest: () => undefined,
  memoryMiB: (id: string) => loadGpu(id).memoryBytes / 2 ** 20,
};

function imported(...names: string[]) {
  const path = join(mkdtempSync(join(tmpdir(), 'import-')), 'cluster.yaml');
  writeFileSync(path, renderCluster(merged(names.map(facts), gpus, 'imported', loadLink)));
  return { value: loadCluster(path).value, yaml: readFileSync(path, 'utf8') };
}

describe('every sample', () => {
  it.each(readdirSync(FOLDER).filter((name) => name.includes('.')))(
    '%s is read, with CRLF and a byte-order mark too',
    (name) => {
      const plain = readFacts(text(name), name);
      expect(IMPORTERS.map((one) => one.format)).toContain(plain.format);
      const windows = readFacts(
        `\uFEFF${text(name).replaceAll('\n', '\r\n')}`.replace(/^\uFEFF(?=\s*\{)/, ''),
        name,
      );
      expect(windows).toEqual(plain);
    },
  );
});

describe('figures', () => {
  it('sees NVLink, bridges, bus-only and XGMI hosts', () => {
    const topology = (name: string) => facts(name).topologies[0];
    expect(topology('nvidia_smi_topo_hgx_h100_8nic.txt')).toMatchObject({
      gpus: 8,
      nvlinks: 18,
      mesh: 'complete',
      nics: 8,
    });
    expect(topology('nvidia_smi_topo_pcie_nvbridge.txt')).toMatchObject({
      gpus: 4,
      nvlinks: 4,
      mesh: 'pairs',
      nics: 1,
    });
    expect(topology('nvidia_smi_topo_2x4090.txt')).toMatchObject({ gpus: 2, nvlinks: 0, nics: 0 });
    expect(topology('rocm_smi_showtopo.txt')).toMatchObject({ gpus: 4, vendor: 'amd', mesh: 'pairs' });
  });

  it('leaves out nodes that are down or drained, by name', () => {
    const { hosts, notes } = facts('scontrol_show_nodes.txt');
    expect(hosts.flatMap((one) => one.hosts)).not.toContain('gpu02');
    expect(notes.join()).toMatch(/gpu02 left out: its state is MIXED\+DRAIN/);
  });

  it('knows the names that tools print', () => {
    for (const [name, mib, id] of [
      ['NVIDIA A100-SXM4-80GB', 81920, 'a100-80-sxm'],
      ['NVIDIA A100-SXM4-40GB', 40960, 'a100-40-sxm'],
      ['NVIDIA A100-PCIE-40GB', 40960, 'a100-40-pcie'],
      ['NVIDIA H100 80GB HBM3', 81559, 'h100-sxm'],
      ['NVIDIA H100 PCIe', 81559, 'h100-pcie'],
      ['NVIDIA H100 NVL', 95830, 'h100-nvl'],
      ['Tesla V100-SXM2-16GB', 16384, 'v100-sxm2-16'],
      ['NVIDIA GeForce RTX 4090', 24564, 'rtx-4090'],
      ['AMD Instinct MI300X', 196608, 'mi300x'],
      ['NVIDIA L4', 23034, 'l4'],
      ['l40s', null, 'l40s'],
      ['Voodoo 3', null, null],
    ] as const)
      expect(gpuIdOf(name, mib)).toBe(id);
  });
});

describe('a cluster from several sources', () => {
  it('loads as it is, each figure with its line', () => {
    const { value, yaml } = imported(
      'nvidia_smi_query_nounits.csv',
      'nvidia_smi_topo_hgx_h100_8nic.txt',
      'nccl_tests_sendrecv_2node_nocheck.txt',
      'sinfo_NhG.txt',
    );
    expect(value.groups.map((g) => [g.gpu.id, g.nodes, g.gpusPerNode])).toEqual([
      ['h100-sxm', 5, 8],
      ['a100-80-sxm', 1, 4],
      ['l40s', 1, 2],
    ]);
    const [h100, a100] = value.groups;
    expect(h100!.hosts).toEqual(['gpu01', 'gpu02', 'gpu03', 'gpu04', 'gpu07']);
    expect(h100!.intraNode.id).toBe('nvlink4');
    expect(h100!.nic.perNode).toBe(8);
    expect(h100!.nic.measured! / 1e9).toBeCloseTo(46, 0);
    expect(a100!.nic.link.bandwidth / 1e9).toBe(25);
    expect(yaml).toMatch(/gpu: h100-sxm # "NVIDIA H100 80GB HBM3", nvidia_smi_query_nounits.csv:1/);
    expect(yaml).toMatch(/the network of a100 hosts: ib-hdr200 assumed/);
  });

  it('takes a matrix for the hosts another file names', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'import-'));
    const slurm = join(folder, 'sinfo.txt');
    writeFileSync(slurm, 'gpu[01-02]|gpu:h100:8|ib400|1|96|idle\n');
    const out = join(folder, 'c.yaml');
    const args = ['cluster', 'import', slurm, join(FOLDER, 'mpigraph.txt'), '--out', out];
    expect((await run(args)).code).toBe(0);
    expect(loadCluster(out).value.measured!.bandwidth[0]![1]).toBeGreaterThan(34.723e9);
    const again = await run(args);
    expect(again.code).toBe(2);
    expect(again.err).toMatch(/exists/);
    const plan = await run(['plan', 'llama-3.2-1b', out, '--seq-length', '2048', '--global-batch', '16']);
    expect(plan.out).toMatch(/Node order by measured links \(exact/);
  });

  it('reads the clusters of Zorse and HexiScale', () => {
    const zorse = JSON.stringify({
      machines: [
        {
          machine: 'm1',
          gpus: [
            { name: 'l4', memory_total_mib: 23034 },
            { name: 'a6000', memory_total_mib: 49140 },
            { name: 'l4', memory_total_mib: 23034 },
          ],
        },
      ],
    });
    const draft = merged([readFacts(zorse, 'cluster_info.json')], gpus, 'z', loadLink);
    expect(draft.groups.map((g) => [g.gpu, g.nodes, g.gpusPerNode, g.hosts])).toEqual([
      ['l4', 1, 2, ['m1']],
      ['rtx-a6000', 1, 1, ['m1']],
    ]);
    const hexi = JSON.stringify({
      machine_specs: { A100: [312, 80, 200] },
      machine_amounts: { A100: { '3': 1 }, '4090': { '8': 2 } },
    });
    const other = merged([readFacts(hexi, 'machine_amounts.json')], gpus, 'h', loadLink);
    expect(other.groups.map((g) => [g.gpu, g.nodes, g.gpusPerNode])).toEqual([
      ['rtx-4090', 2, 8],
      ['a100-80-sxm', 1, 3],
    ]);
  });
});

describe('bad input', () => {
  const bad =
    (content: string, file = 'f.txt') =>
    () =>
      merged([readFacts(content, file)], gpus, 'x', loadLink);

  it.each([
    ['empty', '', /f.txt is empty/],
    ['binary', 'a\u0000b', /binary/],
    ['prose', 'hello world', /no known format/],
    ['JSON cut off', '{"machines": [{"machine": "m", "gpus": [', /Zorse cluster_info.json/],
    [
      'a short topology',
      text('nvidia_smi_topo_2x4090.txt').split('\n').slice(0, 2).join('\n'),
      /the row of GPU1 is missing/,
    ],
    ['a matrix cut off', text('mpigraph.txt').split('\n').slice(0, 17).join('\n'), /is missing or short/],
    [
      'a zero link',
      text('mpigraph.txt').replace('17482.000', '0.000'),
      /bandwidth from gpu01:0 to gpu02:0 is 0.000/,
    ],
    [
      'an unknown GPU',
      '{"machines":[{"machine":"m","gpus":[{"name":"m40"}]}]}',
      /no GPU of the catalogue is called "m40"/,
    ],
    ['odd amounts', '{"machine_amounts":{"A100":{"x":1}}}', /machine_amounts of A100/],
  ])('%s', (_, content, message) => {
    expect(bad(content)).toThrow(InputError);
    expect(bad(content)).toThrow(message);
  });
});
