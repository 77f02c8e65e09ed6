import { mkdtempSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCluster } from '../../../src/catalogue/clusters.ts';
import { loadModel } from '../../../src/catalogue/models.ts';
import { InputError } from '../../../src/domain/input-error.ts';

const folder = mkdtempSync(join(tmpdir(), 'shardwright-'));

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function problemOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as InputError).message.replaceAll(folder, '');
  }
  throw new Error('nothing was refused');
}

const group = (extra: string) => `schema: shardwright.cluster/1
groups:
  - id: a
    gpu: h100-sxm
    nodes: 2
    gpusPerNode: 8
    intraNode: nvlink4
    nic: { link: ib-ndr400, perNode: 8 }
${extra}`;

describe('bad input gives one clear message', () => {
  it.each([
    [
      'bits for memory',
      group('    usableMemory: 80 Gb\n'),
      /cluster\.yaml:9:19: usableMemory is "80 Gb"\n {2}expected: a bytes such as "80 GiB"\n {2}Maybe "80 GB" or "80 GiB"/,
    ],
    ['no unit', group('    usableMemory: "80"\n'), /Maybe "80 GiB"\./],
    [
      'zero bandwidth',
      group('').replace('perNode: 8 }', 'perNode: 8, bandwidth: 0 GB/s }'),
      /:8:\d+: nic bandwidth is "0 GB\/s"\n {2}expected: 1 MB\/s to 1 TB\/s: one port of a network card/,
    ],
    [
      'a bandwidth that no time can be divided by',
      group('').replace('perNode: 8 }', 'perNode: 8, bandwidth: 1e-320 B/s }'),
      /:8:\d+: nic bandwidth is "1e-320 B\/s"\n {2}expected: 1 MB\/s to 1 TB\/s/,
    ],
    [
      'a measured rate above the wire',
      group('').replace('perNode: 8 }', 'perNode: 8, measured: 500 GB/s }'),
      /:8:\d+: nic measured is "500 GB\/s", and the wire has 50[\s\S]*Maybe it is of all ports of a node/,
    ],
    [
      'missing network',
      group('').replace(/ {4}nic.*\n/, ''),
      /group "a" states no nic: its bandwidth to other nodes is unknown/,
    ],
    [
      'unknown key',
      group('    gpuPerNode: 8\n'),
      /:9:5?\d*: unknown key "gpuPerNode"[\s\S]*Maybe you meant "gpusPerNode"/,
    ],
    [
      'unknown GPU',
      group('').replace('h100-sxm', 'h100-sxn'),
      /unknown GPU "h100-sxn"[\s\S]*Maybe "h100-sxm"/,
    ],
    ['unknown link', group('').replace('nvlink4', 'nvlink44'), /unknown link "nvlink44"/],
    [
      'a link without bandwidth',
      `${group('')}links:\n  - between: [a, a]\n`,
      /the link between a and a states no bandwidth/,
    ],
    ['a host twice', group('    hosts: [n1, n1]\n'), /:9:\d+: host "n1" stands twice in group "a"/],
    [
      'a collective larger than a node',
      group(
        '    collectives:\n      - { collective: allReduce, gpus: 16, lines: [{ latency: 9 us, bandwidth: 200 GB/s }] }\n',
      ),
      /:10:\d+: a collective of 16 GPUs\n {2}expected: at most the 8 of one node/,
    ],
    [
      'a network device that a shell would read',
      group('').replace('perNode: 8 }', "perNode: 8, devices: ['mlx5_0; id'] }"),
      /cluster\.yaml:8:/,
    ],
    [
      'a measured hole',
      `${group('')}measured:\n  bandwidth: [[null, null], ["20 GB/s", null]]\n`,
      /measured bandwidth from node 0 to node 1 is null/,
    ],
    [
      'a measured zero',
      `${group('')}measured:\n  bandwidth: [[null, "0 GB/s"], ["20 GB/s", null]]\n`,
      /expected: 1 kB\/s to 100 TB\/s: what one node sends to another/,
    ],
    ['a matrix of the wrong size', `${group('')}measured:\n  bandwidth: [[null]]\n`, /expected: 2 × 2/],
    ['duplicate keys', group('    gpu: h100-sxm\n'), /unique|duplicate/i],
    [
      'a port faster than any',
      group('').replace('perNode: 8 }', 'perNode: 8, bandwidth: 400 TB/s }'),
      /:8:\d+: nic bandwidth is "400 TB\/s"\n {2}expected: 1 MB\/s to 1 TB\/s: one port[\s\S]*Maybe "400 GB\/s"/,
    ],
    [
      'one flow faster than all cards',
      group('').replace('perNode: 8 }', 'perNode: 8, perFlow: 900 GB/s }'),
      /:8:\d+: nic perFlow is "900 GB\/s", and the cards of a node have 400/,
    ],
    [
      'a transfer of minutes',
      group('').replace('perNode: 8 }', 'perNode: 8, latency: 50 s }'),
      /nic latency is "50 s"\n {2}expected: 50 ns to 2 s[\s\S]*Maybe "50 ms"/,
    ],
    [
      'a device twice',
      group('').replace('perNode: 8 }', 'perNode: 8, devices: [mlx5_0, mlx5_0] }'),
      /:8:\d+: nic device "mlx5_0" stands twice/,
    ],
    [
      'more devices than cards',
      group('').replace('perNode: 8 }', 'perNode: 1, devices: [mlx5_0, mlx5_1] }'),
      /2 nic devices, and perNode is 1\n {2}expected: at most 1[\s\S]*Maybe perNode: 2\./,
    ],
    [
      'a fabric without a name',
      group('').replace('perNode: 8 }', 'perNode: 8, fabric: "" }'),
      /fabric is ""/,
    ],
    [
      'one fabric of two layers',
      `${group('').replace('perNode: 8 }', 'perNode: 8, fabric: main }')}  - {id: b, gpu: h100-sxm, nodes: 1, gpusPerNode: 8, intraNode: nvlink4, nic: {link: roce-200, perNode: 8, fabric: main}}\n`,
      /fabric "main" has cards of RoCE in b and of InfiniBand in a\n {2}expected: one layer/,
    ],
    [
      'a cap above what a GPU draws',
      group('    powerCap: 7 kW\n'),
      /:9:\d+: powerCap is "7 kW", and .*H100.* has 700 W\n {2}expected: 105 W to 1050 W/,
    ],
    [
      'a cap of milliwatts',
      group('    powerCap: 0.7 W\n'),
      /powerCap is "0.7 W"\n {2}expected: 10 W to 10 kW[\s\S]*Maybe "0.7 kW"/,
    ],
    [
      'a host without memory',
      group('    host: { memory: 2 MiB }\n'),
      /host memory is "2 MiB"\n {2}expected: 1 GiB to 1024 TiB/,
    ],
    [
      'a drive of bytes',
      group('    host: { disk: { size: 30 TB, read: 50 TB/s, write: 5 GB/s } }\n'),
      /host disk read is "50 TB\/s"/,
    ],
    [
      'a link faster than its cards',
      `${group('')}links:\n  - { between: [a, a], bandwidthPerNode: 4 TB/s }\n`,
      /bandwidthPerNode is 4\.\d* TB\/s, and the cards of a node have 400/,
    ],
    [
      'a measured rate above the cards of a node',
      `${group('')}measured:\n  bandwidth: [[null, "4 TB/s"], ["20 GB/s", null]]\n`,
      /:10:\d+: measured bandwidth from node 0 to node 1 is 4\.\d* TB\/s, and the cards of a node have 400/,
    ],
    ['broken YAML', 'groups: [', /cluster\.yaml:1:/],
  ])('%s', (_, text, expected) => {
    const path = file('cluster.yaml', text);
    expect(problemOf(() => loadCluster(path))).toMatch(expected);
  });

  it.each([
    ['an empty file', '', /model\.yaml:1:1: .* is empty/],
    ['a binary', Buffer.from([0, 1, 2, 255]), /binary file/],
    [
      'exploding aliases',
      `a: &a [1,1,1,1,1,1,1,1,1]\nb: &b [${'*a,'.repeat(9)}]\nc: &c [${'*b,'.repeat(9)}]\nd: [${'*c,'.repeat(9)}]\n`,
      /cannot expand/,
    ],
    [
      'broken JSON',
      '{\n "a": 1\n "b": 2\n}',
      /model\.yaml:3:2: broken JSON: expected ',' or '}'[\s\S]*expected: JSON/,
    ],
    ['JSON that ends', '{"a": [1, 2', /model\.yaml:1:12: broken JSON[\s\S]*expected: JSON/],
    [
      'a cluster in its place',
      'schema: shardwright.cluster/1\ngroups: []\n',
      /model\.yaml:1:9: the file is a cluster, not a model\n[\s\S]*Maybe the two are swapped/,
    ],
    ['a prototype key', '{"model_type": "llama", "__proto__": {}}', /key "__proto__" is not allowed/],
    [
      'an unknown architecture',
      '{"model_type": "lama"}',
      /model\.yaml:1:\d+: model_type "lama" is unknown[\s\S]*Maybe "llama"/,
    ],
    ['a model that is a list', '[1, 2]', /holds no mapping/],
    ['a fractional count', '{"model_type": "llama", "hidden_size": 4096.5}', /hidden_size is 4096\.5/],
    [
      'heads that do not divide',
      '{"model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 2, "num_attention_heads": 33, "intermediate_size": 8, "vocab_size": 8}',
      /model\.yaml:1:\d+: num_attention_heads is 33/,
    ],
    ['state-space layers', '{"model_type": "llama", "mamba_d_state": 16}', /not modelled/],
  ])('%s', (_, text, expected) => {
    const path = file('model.yaml', text as string);
    expect(problemOf(() => loadModel(path))).toMatch(expected);
  });

  it('a directory, a missing file, a huge file, an unknown name', () => {
    expect(problemOf(() => loadModel(`${folder}/`))).toMatch(/is a directory/);
    file('config.json', '{}');
    expect(problemOf(() => loadModel(join(folder, 'confg.json')))).toMatch(
      /no file[\s\S]*Maybe .*config\.json/,
    );
    const huge = file('huge.yaml', '');
    truncateSync(huge, 100 * 2 ** 20);
    expect(problemOf(() => loadModel(huge))).toMatch(/has 100 MiB/);
    expect(problemOf(() => loadModel('llama3.1-70b'))).toMatch(/Maybe "llama-3.1-70b"/);
  });
});
