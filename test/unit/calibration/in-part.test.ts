import { describe, expect, it } from 'vitest';
import { calibrated } from '../../../src/domain/calibrated.ts';
import type { Calibration } from '../../../src/domain/calibration.ts';
import { calibrationTold } from '../../../src/evaluate/calibration-told.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { parseConfiguration } from '../../../src/plan-text/configuration.ts';
import { planOf } from '../../../src/plan-text/plan-of.ts';
import { problem } from '../../fixtures/problem.ts';

const P = problem('llama-3.1-70b', 'mixed-32xh100-32xa100-40gb', { globalBatchSize: 64 });
const [h100, a100] = P.cluster.groups;
const configured = planOf(P, parseConfiguration('tp=4,pp=8,dp=2,micro-batch=1,recompute=full'));
if ('rule' in configured) throw new Error(configured.actual);
const { plan } = configured;

const calibration: Calibration = {
  ...{ name: 'ours', stack: 'megatron-core', gpus: ['h100-sxm'], kinds: ['dense'], steps: null, band: 0.03 },
  ...{ networks: [h100!.nic.link.id], intraNodes: [h100!.intraNode.id], runs: 8 },
  gpuCounts: { least: 8, most: 128 },
  factors: { time: 1.25, network: 0.5, intraNode: 0.7, memory: 1.1 },
};
const here = calibrated(P, calibration);
const [before, after] = [estimate(P, plan), estimate(here, plan)];
const kernels = ({ compute }: (typeof before)['stages'][number]) =>
  compute['matrix multiplication']! + compute.attention! + compute['memory-bound kernels']!;

describe('a calibration of some of the GPUs of a cluster', () => {
  it('corrects their kernels, and leaves those of the others', () => {
    expect(plan.pipelines[0]!.stages.map(({ replicas }) => replicas[0]!.group)).toContain(1);
    for (const [i, stage] of before.stages.entries())
      expect(kernels(after.stages[i]!) / kernels(stage)).toBeCloseTo(stage.group === 0 ? 1.25 : 1, 9);
  });

  it('corrects their links, and leaves those of the others', () => {
    const [own, other] = here.cluster.groups;
    expect(own!.nic.link.bandwidth).toBeCloseTo(0.5 * h100!.nic.link.bandwidth, 0);
    expect(own!.intraNode.bandwidth).toBeCloseTo(0.7 * h100!.intraNode.bandwidth, 0);
    expect(other).toEqual(a100);
  });

  it('holds for the allocated memory of all, which no factor makes less', () => {
    for (const [i, { memory }] of before.stages.entries())
      expect(after.stages[i]!.memory.deviceBytes).toBeGreaterThan(memory.deviceBytes);
  });

  it('has the band of no runs, and says what it knows nothing of', () => {
    expect(after.band).toBe(before.band);
    expect(calibrationTold(here)).toEqual([
      'calibration ours holds for h100-sxm alone: it has no run on a100-40-sxm, which stays as estimated, and the band is as without',
      'calibrated by ours (8 runs on h100-sxm, megatron-core): kernels ×1.25, bandwidth between nodes ×0.500, bandwidth inside nodes ×0.700, allocated memory ×1.10',
    ]);
  });

  it('of none of them holds for none', () => {
    const none = calibrated(P, { ...calibration, gpus: ['mi300x'] });
    expect(estimate(none, plan).stepSeconds).toBe(before.stepSeconds);
    expect(calibrationTold(none)[0]).toContain(
      'does not hold here: it is of mi300x, this has h100-sxm, a100-40-sxm',
    );
  });

  it('of the links of others alone leaves links', () => {
    const links = calibrated(P, { ...calibration, networks: ['ib-hdr200'], intraNodes: ['nvlink3'] });
    expect(links.calibration!.factors).toEqual({ time: 1.25, memory: 1.1 });
    expect(links.cluster.groups[0]!.nic).toEqual(h100!.nic);
  });
});
