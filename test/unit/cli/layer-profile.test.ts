import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PlanDocument } from '../../../src/schema/plan.ts';
import { run } from '../../fixtures/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'profile-'));

function written(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const profile = (gpu: string, forward: string) =>
  written(
    'profile.yaml',
    `schema: shardwright.layer-profile/1
name: mine
entries:
  - gpu: ${gpu}
    precision: bf16
    tensorParallel: 2
    sequenceLength: 4096
    points:
      - { microBatch: 1, forward: ${forward}, backward: ${forward} }
`,
  );

/** A GPU of each of two types. */
const MIXED = written(
  'mixed.yaml',
  `schema: shardwright.cluster/1
name: mixed
groups:
  - { id: new, gpu: rtx-4090, nodes: 1, gpusPerNode: 1, intraNode: pcie4-x16-nop2p, nic: { link: eth-25, perNode: 1 } }
  - { id: old, gpu: rtx-3090, nodes: 1, gpusPerNode: 1, intraNode: pcie4-x16-nop2p, nic: { link: eth-25, perNode: 1 } }
`,
);

const WORKLOAD = ['--seq-length', '4096', '--global-batch', '16'];

describe('--layer-profile', () => {
  it('covers a GPU of a file of the user, by its id and by its path', async () => {
    const stock = readFileSync('hardware-profiles/gpus/h100-sxm.yaml', 'utf8');
    const path = written('our-gpu.yaml', stock.replace('id: h100-sxm', 'id: ours'));
    const cluster = written(
      'cluster.yaml',
      `schema: shardwright.cluster/1
name: ours
groups:
  - { id: g, gpu: ${path}, nodes: 1, gpusPerNode: 8, intraNode: nvlink4, nic: { link: ib-ndr400, perNode: 8 } }
`,
    );
    const outs: string[] = [];
    for (const gpu of ['ours', path]) {
      const flags = ['--layer-profile', profile(gpu, '30 ms'), '--config', 'tp=2,dp=4,micro-batch=1'];
      const { code, out, err } = await run(['estimate', 'llama-3.1-8b', cluster, ...WORKLOAD, ...flags]);
      expect(err).toBe('');
      expect(code).toBe(0);
      expect(out).toMatch(/layers as measured +7\.68 s/);
      outs.push(out);
    }
    expect(outs[0]).toBe(outs[1]);
  });

  it('keeps plans on GPUs that it has nothing of out of first place, and says so', async () => {
    const flags = ['--layer-profile', profile('rtx-3090', '900 ms'), '--no-cache', '--top', '3'];
    const argv = ['plan', 'qwen2.5-0.5b', MIXED, ...WORKLOAD, ...flags];
    const { code, out } = await run(argv);
    expect(code).toBe(0);
    const words = out.replaceAll(/\s+/g, ' ');
    expect(words).toMatch(/Plans? 2.* rests? on estimates of rtx-4090, of which mine has no layers/);
    expect(words).toMatch(/nothing better exists in this space of what was measured/);
    expect(words).toMatch(/rtx-4090\) in use the best step is .* less, by estimate/);
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    const { plans, certificate } = JSON.parse((await run([...argv, '--json'])).out) as PlanDocument;
    expect(plans.map(({ rank }) => rank)).toEqual(plans.map((_, i) => i + 1));
    expect(plans[0]!.stepTimeSeconds).toBeGreaterThan(plans[1]!.stepTimeSeconds);
    expect(plans[1]!.tiedWithBest).toBe(false);
    expect(certificate.optimal).toBe(true);
  });

  it('is told of clusters that it has nothing of beside one that it has', async () => {
    const compare = (gpu: string) =>
      run(['compare', 'qwen2.5-0.5b', '4090-1', MIXED, ...WORKLOAD, '--layer-profile', profile(gpu, '9 ms')]);
    const beside = (await compare('rtx-3090')).out.replaceAll(/\s+/g, ' ');
    expect(beside).toMatch(/mine has no layers of what 4090-1 uses/);
    expect((await compare('h100-sxm')).out).not.toMatch(/has no layers/);
  });

  it('ranks by estimate where it has nothing of any GPU', async () => {
    const flags = ['--no-cache', '--top', '1'];
    const argv = ['plan', 'qwen2.5-0.5b', MIXED, ...WORKLOAD, ...flags];
    const step = (out: string) => /^1 +(\S+ \S+)/m.exec(out)?.[1];
    const without = await run(argv);
    const foreign = await run([...argv, '--layer-profile', profile('h100-sxm', '900 ms')]);
    expect(step(foreign.out)).toBe(step(without.out));
    expect(foreign.out).toMatch(/estimated: not\s+in mine/);
  });
});
