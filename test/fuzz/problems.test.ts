import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { loadModel } from '../../src/catalogue/models.ts';
import { run } from '../fixtures/run.ts';
import { expectSound } from './sound.ts';
import { timesMore } from './times.ts';

const folder = mkdtempSync(join(tmpdir(), 'shardwright-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const GPUS = [
  ['h100-sxm', 'nvlink4'],
  ['a100-80-sxm', 'nvlink3'],
  ['v100-sxm2-32', 'nvlink2'],
  ['rtx-4090', 'pcie4-x16-nop2p'],
  ['l4', 'pcie4-x16-nop2p'],
  ['mi300x', 'xgmi-mi300x'],
] as const;
const NETWORKS = ['ib-ndr400', 'ib-hdr200', 'roce-200', 'eth-100', 'eth-25'] as const;

const group = fc.record({
  gpu: fc.constantFrom(...GPUS),
  nodes: fc.integer({ min: 1, max: 2 }),
  gpusPerNode: fc.constantFrom(1, 2, 3, 4),
  network: fc.constantFrom(...NETWORKS),
  site: fc.constantFrom(undefined, 'here', 'there'),
});

const problem = fc.record({
  groups: fc.array(group, { minLength: 1, maxLength: 2 }),
  model: fc.constantFrom('llama-3.2-1b', 'qwen2.5-0.5b', 'gpt2-xl'),
  sequence: fc.constantFrom(256, 1000, 1024),
  batch: fc.integer({ min: 1, max: 40 }),
  precision: fc.constantFrom('bf16', 'fp16', 'fp8', 'fp32'),
  launcher: fc.constantFrom('any', 'megatron', 'torchtitan', 'deepspeed', undefined),
});

/** What of `plan --json` is looked at. */
interface Planned {
  readonly plans: readonly {
    readonly configuration: string;
    readonly stepTimeSeconds: number;
    readonly time: Readonly<Record<string, number>>;
    readonly plan: { readonly pipelines: readonly { readonly microBatches: number }[] };
    readonly microBatchSize: number;
    readonly stages: readonly {
      readonly pipeline: number;
      readonly stage: number;
      readonly layers: number;
      readonly devices: number;
      readonly peakMemoryBytes: number;
      readonly memoryLimitBytes: number;
      readonly verdict: string;
    }[];
  }[];
}

describe('a random problem', () => {
  it('is planned with rows that hold, and each row is estimated again to the last digit', async () => {
    let rows = 0;
    await fc.assert(
      fc.asyncProperty(problem, async ({ groups, model, sequence, batch, precision, launcher }) => {
        const path = join(folder, 'cluster.yaml');
        const text = groups.map(({ gpu: [gpu, link], nodes, gpusPerNode, network, site }, i) => {
          const nic = `nic: { link: ${network}, perNode: 1 }`;
          const where = site === undefined ? '' : `, site: ${site}`;
          return `  - { id: g${i}, gpu: ${gpu}, nodes: ${nodes}, gpusPerNode: ${gpusPerNode}, intraNode: ${link}, ${nic}${where} }`;
        });
        writeFileSync(path, `schema: shardwright.cluster/1\ngroups:\n${text.join('\n')}\n`);
        const about = `${text.join(' ')} ${model} ${sequence} ${batch} ${precision} ${launcher}`;
        const given = [model, path, '--seq-length', `${sequence}`, '--global-batch', `${batch}`];
        const how = ['--precision', precision, ...(launcher === undefined ? [] : ['--launcher', launcher])];
        const ran = await run(['plan', ...given, ...how, '--no-cache', '--top', '3', '--json']);
        expectSound(ran, about);
        if (ran.code !== 0) return;
        const layers = loadModel(model).value.layers.length;
        const have = groups.reduce((sum, one) => sum + one.nodes * one.gpusPerNode, 0);
        let before = 0;
        for (const row of (JSON.parse(ran.out) as Planned).plans) {
          rows += 1;
          const used = row.stages.reduce((sum, one) => sum + one.devices, 0);
          expect(used, about).toBeLessThanOrEqual(have);
          for (const pipeline of row.plan.pipelines.keys()) {
            // Copies of a stage that differ are told one by one.
            const mine = row.stages.filter((one) => one.pipeline === pipeline);
            const own = new Map(mine.map((one) => [one.stage, one.layers]));
            const all = [...own.values()].reduce((sum, one) => sum + one, 0);
            expect(all, about).toBe(layers);
          }
          for (const one of row.stages) {
            expect(one.peakMemoryBytes, about).toBeGreaterThan(0);
            expect(one.verdict, about).not.toBe('does-not-fit');
          }
          const parts = Object.values(row.time).reduce((sum, seconds) => sum + seconds, 0);
          expect(parts, about).toBeCloseTo(row.stepTimeSeconds, 6);
          expect(row.stepTimeSeconds, about).toBeGreaterThan(0);
          expect(row.stepTimeSeconds, about).toBeGreaterThanOrEqual(before * 0.9);
          before = Math.max(before, row.stepTimeSeconds);
          const again = await run(['estimate', ...given, ...how, '--config', row.configuration, '--json']);
          expect(again.code, `${about} ${row.configuration}: ${again.err}`).toBe(0);
          const { stepTimeSeconds } = JSON.parse(again.out) as { stepTimeSeconds: number };
          expect(stepTimeSeconds, `${about} ${row.configuration}`).toBe(row.stepTimeSeconds);
        }
      }),
      { numRuns: timesMore(60) },
    );
    expect(rows).toBeGreaterThan(0);
  });
});
