import { describe, expect, it } from 'vitest';
import { calibrated } from '../../src/domain/calibrated.ts';
import type { Calibration } from '../../src/domain/calibration.ts';
import { parseConfiguration } from '../../src/plan-text/configuration.ts';
import { search } from '../../src/search/search.ts';
import { problem } from '../fixtures/problem.ts';

/** Factors far from 1 in every direction. */
const calibration = (over: Partial<Calibration>): Calibration => ({
  name: 'ours',
  stack: 'megatron-core',
  gpus: ['v100-sxm2-16', 'a100-40-sxm', 'v100-sxm2-32', 'a100-80-sxm'],
  networks: [],
  intraNodes: [],
  kinds: ['dense'],
  gpuCounts: { least: 8, most: 64 },
  runs: 8,
  steps: null,
  factors: { time: 0.6, memory: 1.4 },
  band: 0.05,
  ...over,
});

describe('a search with a calibration', () => {
  it.each([
    [{ time: 0.6, memory: 1.4 }, ['a100-40-sxm', 'a100-80-sxm']],
    [{ time: 1.4, network: 0.4, intraNode: 0.5 }, ['v100-sxm2-16', 'v100-sxm2-32']],
    [{ time: 0.7, network: 1.5, intraNode: 1.5 }, ['a100-40-sxm', 'a100-80-sxm']],
  ] as const)('of a part of the GPUs finds what costing everything finds: %j of %j', (factors, gpus) => {
    const given = problem('llama-3.2-1b', 'mixed-a100-v100', { precision: 'fp16', sequenceLength: 2048 });
    const { groups } = given.cluster;
    const here = calibrated(
      given,
      calibration({
        gpus,
        networks: groups.map(({ nic }) => nic.link.id),
        intraNodes: groups.map(({ intraNode }) => intraNode.id),
        factors,
      }),
    );
    expect(here.calibration!.left.length).toBeGreaterThan(0);
    const [bounded, all] = [false, true].map((exhaustive) =>
      search(here, {
        top: 3,
        exhaustive,
        fix: parseConfiguration('tp=4,cp=1,micro-batch=2,recompute=none,zero=1'),
      }),
    );
    const steps = ({ plans }: ReturnType<typeof search>) => plans.map(({ estimate }) => estimate.stepSeconds);
    expect(bounded!.certificate.optimal).toBe(true);
    expect(steps(bounded!)[0]).toBe(steps(all!)[0]);
  });

  it.each([
    ['mixed-a100-v100', 'tp=4,cp=1,micro-batch=2,recompute=none,zero=1', { time: 0.6, memory: 1.4 }],
    ['v100-cloud-32', 'cp=1,micro-batch=2', { time: 1.3, network: 0.3, intraNode: 0.5, memory: 1.2 }],
    ['v100-cloud-32', 'cp=1,micro-batch=2', { network: 1.5, intraNode: 1.5 }],
  ] as const)('finds on %s with %s what costing everything finds: %j', (cluster, held, factors) => {
    const given = problem('llama-3.2-1b', cluster, { precision: 'fp16', sequenceLength: 2048 });
    const { groups } = given.cluster;
    const here = calibrated(
      given,
      calibration({
        gpus: groups.map(({ gpu }) => gpu.id),
        networks: groups.map(({ nic }) => nic.link.id),
        intraNodes: groups.map(({ intraNode }) => intraNode.id),
        factors,
      }),
    );
    expect(here.calibration!.factors).toEqual(factors);
    const [bounded, all] = [false, true].map((exhaustive) =>
      search(here, { top: 3, exhaustive, fix: parseConfiguration(held) }),
    );
    const steps = ({ plans }: ReturnType<typeof search>) => plans.map(({ estimate }) => estimate.stepSeconds);
    expect(bounded!.certificate.optimal).toBe(true);
    expect(bounded!.certificate.evaluated).toBeLessThan(all!.certificate.evaluated);
    expect(steps(bounded!)[0]).toBe(steps(all!)[0]);
  });
});
