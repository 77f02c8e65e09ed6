import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, it } from 'vitest';
import { run } from '../fixtures/run.ts';
import { aBreak, broken } from './broken.ts';
import { expectSound } from './sound.ts';
import { timesMore } from './times.ts';

const folder = mkdtempSync(join(tmpdir(), 'shardwright-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const WORKLOAD = ['--seq-length', '2048', '--global-batch', '64'];
const PLAN = ['--config', 'tp=2,pp=2,dp=2,micro-batch=1'];

/** A cluster of two hosts with a GPU, a link inside and one between. */
function clusterOf({ gpu = 'h100-sxm', inside = 'nvlink4', between = 'ib-ndr400' }): string {
  const path = join(folder, 'cluster.yaml');
  const nic = `{ link: ${between}, perNode: 4 }`;
  const group = `{ id: a, gpu: ${gpu}, nodes: 2, gpusPerNode: 4, intraNode: ${inside}, nic: ${nic} }`;
  writeFileSync(path, `schema: shardwright.cluster/1\ngroups:\n  - ${group}\n`);
  return path;
}

const small = (cluster: string) => ['estimate', 'llama-3.2-1b', cluster, ...WORKLOAD, ...PLAN];

/** Folders of bundled files, and the commands that read a broken copy. */
const KINDS: readonly {
  readonly name: string;
  readonly from: string;
  readonly commands: (path: string) => readonly (readonly string[])[];
}[] = [
  {
    name: 'a GPU',
    from: 'hardware-profiles/gpus',
    commands: (gpu) => [['gpu', 'show', gpu], small(clusterOf({ gpu }))],
  },
  {
    name: 'a link',
    from: 'hardware-profiles/links',
    commands: (link) => [
      ['link', 'show', link],
      small(clusterOf({ inside: link })),
      small(clusterOf({ between: link })),
    ],
  },
  {
    name: 'a cluster',
    from: 'configs/clusters',
    commands: (cluster) => [
      ['cluster', 'show', cluster],
      ['estimate', 'llama-3.2-1b', cluster, ...WORKLOAD, '--config', 'tp=2,pp=1,micro-batch=1'],
    ],
  },
  {
    name: 'a model',
    from: 'configs/models',
    commands: (model) => [
      ['model', 'show', model],
      ['estimate', model, 'dgx-h100-8', ...WORKLOAD, ...PLAN],
    ],
  },
  {
    name: 'a stack',
    from: 'configs/stacks',
    commands: (stack) => [
      ['stack', 'show', stack],
      [...small('dgx-h100-8'), '--stack', stack],
    ],
  },
];

describe('a bundled file, broken in one place', () => {
  it.each(KINDS)('$name is read, or refused in words', async ({ from, commands }) => {
    const files = readdirSync(from).map((name) => join(from, name));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...files), aBreak, fc.boolean(), async (file, how, json) => {
        const path = join(folder, 'broken.yaml');
        writeFileSync(path, broken(readFileSync(file, 'utf8'), how));
        for (const argv of commands(path)) {
          const given = json ? [...argv, '--json'] : argv;
          expectSound(await run(given, { cwd: process.cwd() }), `${file}: ${given.join(' ')}`);
        }
      }),
      { numRuns: timesMore(1500) },
    );
  });
});
