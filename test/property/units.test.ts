import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { run } from '../fixtures/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'shardwright-units-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Ways to say one quantity: the first as people do. */
const SAID = {
  memory: ['72 GiB', '73728 MiB', '77309411328 B', '77.309411328 GB'],
  power: ['600 W', '0.6 kW'],
  wide: ['10 GB/s', '80 Gb/s', '10000 MB/s', '0.01 TB/s', '80 Gbps'],
  node: ['1.4 GB/s', '11.2 Gb/s', '1400 MB/s'],
  latency: ['18 ms', '0.018 s', '18000 us', '18000 µs'],
  ram: ['512 GiB', '0.5 TiB', '524288 MiB'],
  dram: ['204.8 GB/s', '0.2048 TB/s'],
  sequence: ['8192', '8k'],
  batch: ['256', '2Mtok', '"2M tokens"'],
  headroom: ['8%', '0.08'],
  reserve: ['2GiB', '2048MiB'],
} as const;
type Quantity = keyof typeof SAID;
type Words = Readonly<Record<Quantity, string>>;

const words = fc.record(
  Object.fromEntries(Object.entries(SAID).map(([key, ways]) => [key, fc.constantFrom(...ways)])) as {
    [key in Quantity]: fc.Arbitrary<string>;
  },
);

const cluster = ({ memory, power, wide, node, latency, ram, dram }: Words) => `schema: shardwright.cluster/1
groups:
  - id: west
    gpu: h100-sxm
    nodes: 2
    gpusPerNode: 8
    intraNode: nvlink4
    nic: { link: ib-ndr400, perNode: 8 }
    usableMemory: ${memory}
    powerCap: ${power}
    host: { memory: ${ram}, memoryBandwidth: ${dram} }
    site: west
  - { id: east, gpu: h100-sxm, nodes: 2, gpusPerNode: 8, intraNode: nvlink4, nic: { link: ib-ndr400, perNode: 8 }, site: east }
links:
  - { between: [west, east], sharedBandwidth: ${wide}, bandwidthPerNode: ${node}, latency: ${latency} }
`;

/** All that an estimate says, but for the digest of the file's text. */
async function said(one: Words): Promise<unknown> {
  const path = join(folder, 'cluster.yaml');
  writeFileSync(path, cluster(one));
  const { code, out, err } = await run([
    ...['estimate', 'llama-3.1-8b', path, '--seq-length', one.sequence],
    ...[
      '--global-batch',
      one.batch.replaceAll('"', ''),
      '--headroom',
      one.headroom,
      '--reserve',
      one.reserve,
    ],
    ...['--config', 'tp=2,pp=4,dp=4,micro-batch=1,zero=1,offload=optimizer:1', '--json'],
  ]);
  expect(`${err}${code}`).toBe('0');
  const { inputs: _, ...rest } = JSON.parse(out);
  return rest;
}

it('a quantity is what it is in any unit: the same bytes', async () => {
  const usual = Object.fromEntries(Object.entries(SAID).map(([key, [first]]) => [key, first])) as Words;
  const expected = await said(usual);
  for (const [key, ways] of Object.entries(SAID))
    for (const way of ways) expect(await said({ ...usual, [key]: way }), `${key}: ${way}`).toEqual(expected);
  await fc.assert(
    fc.asyncProperty(words, async (one) => {
      expect(await said(one), JSON.stringify(one)).toEqual(expected);
    }),
    { numRuns: 20 },
  );
});
