import { expect, it } from 'vitest';
import { clusterFromText } from '../../../src/catalogue/clusters.ts';
import { loadModel } from '../../../src/catalogue/models.ts';
import { specOf } from '../../../src/evaluate/context.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { stageSeconds } from '../../../src/evaluate/stage-costs.ts';
import { stageProfile } from '../../../src/evaluate/stage-profile.ts';
import { boundarySeconds, gatherSeconds, sharedSeconds } from '../../../src/evaluate/time/boundary.ts';
import { coefficients } from '../../../src/hardware/coefficients.ts';
import { collectiveSeconds } from '../../../src/hardware/collective.ts';
import { problem } from '../../fixtures/problem.ts';
import { DENSE, planned } from '../frameworks/fixture.ts';

function boundary(text: string, hidden = 0) {
  const plan = planned(DENSE, `micro-batch=1,${text}`);
  const { stages } = plan.pipelines[0]!;
  const stack = { ...DENSE.stack, overlap: { ...DENSE.stack.overlap, pipeline: hidden } };
  const spec = specOf(plan, stages.length, stages[0]!, stages[0]!.replicas[0]!);
  return stageSeconds({ ...DENSE, stack }, spec);
}

it('an activation as it is sent has two bytes for each token and hidden unit, shared out over the GPUs of a copy', () => {
  const { sequenceLength } = DENSE.workload;
  const whole = 2 * sequenceLength * DENSE.model.hiddenSize;
  expect(boundary('tp=1,pp=8,dp=8').boundaryBytes).toBe(whole);
  expect(boundary('tp=8,pp=8,dp=1').boundaryBytes).toBe(whole / 8);
  expect(boundary('tp=4,cp=2,pp=8,dp=1').boundaryBytes).toBe(whole / 8);
  expect(boundary('tp=8,pp=8,dp=1,sp=true').boundaryBytes).toBe(whole / 8);
});

it('a boundary is paid there and back, for each chunk, as far as it is not hidden; where there is none, not at all', () => {
  const { pipelineExposed, pipelineExposedInterleaved } = coefficients(undefined);
  const { boundarySeconds: plain, exposedShare } = boundary('tp=8,pp=8,dp=1');
  expect(exposedShare).toBe(pipelineExposed);
  expect(boundary('tp=8,pp=8,dp=1', 0.75).boundarySeconds).toBeCloseTo(plain / 4, 12);
  expect(boundary('tp=8,pp=8,dp=1', 1).boundarySeconds).toBe(0);
  expect(boundary('tp=8,pp=8,dp=1,vpp=2').boundarySeconds / plain).toBeCloseTo(
    (2 * pipelineExposedInterleaved) / pipelineExposed,
    9,
  );
  expect(boundary('tp=8,pp=1,dp=8').boundarySeconds).toBe(0);
  // 128 MiB of a sequence over eight network cards, there and back.
  const { bandwidth } = DENSE.cluster.groups[0]!.nic.link;
  const { boundaryBytes } = boundary('tp=8,pp=8,dp=1');
  expect(plain).toBeGreaterThan((2 * pipelineExposed * boundaryBytes) / bandwidth);
  expect(plain).toBeLessThan((4 * pipelineExposed * boundaryBytes) / bandwidth);
});

const c = coefficients();
const base = problem('llama-3.1-8b', 'dgx-h100-64', {}, 'megatron-2021');

function profileOf(configuration: string) {
  const plan = planned(base, configuration);
  const { stages } = plan.pipelines[0]!;
  const spec = specOf(plan, stages.length, stages[0]!, stages[0]!.replicas[0]!);
  return stageProfile(base, spec);
}

it('gathers what tensor-parallel ranks were sent in parts, each way, where each wants the whole', () => {
  const split = profileOf('tp=8,pp=2,dp=4,sp=true,micro-batch=1');
  const whole = profileOf('tp=8,pp=2,dp=4,sp=false,micro-batch=1');
  const bytes = 2 * 4096 * 4096;
  expect(whole.boundaryBytes).toBe(bytes / 8);
  expect(gatherSeconds(split)).toBe(0);
  expect(gatherSeconds(whole)).toBe(collectiveSeconds(whole.context.groups.tensor, 'allGather', bytes, c));
  expect(boundarySeconds(whole) - boundarySeconds(split)).toBeCloseTo(2 * gatherSeconds(whole), 12);
  expect(gatherSeconds(profileOf('tp=1,pp=2,dp=32,sp=false,micro-batch=1'))).toBe(0);
});

it('a transfer over a shared card waits as in a queue, from none to behind all others', () => {
  // 10 ms alone, 40 behind three others: of 400 ms the card is busy a tenth.
  expect(sharedSeconds(0.01, 0.04, 0.4)).toBeCloseTo(0.01 * (1 + 0.1 / 1.8), 12);
  expect(sharedSeconds(0.01, 0.04, 1e9)).toBeCloseTo(0.01, 9);
  expect(sharedSeconds(0.01, 0.04, 0.04)).toBe(0.04);
  expect(sharedSeconds(0.01, 0.04, 0.02)).toBe(0.04);
  // Nobody else on the card: nothing to wait for, however busy it is.
  expect(sharedSeconds(0.01, 0.01, 0.011)).toBe(0.01);
});

/**
 * Two hosts of eight 4090 on one 25 GbE card each, four pipelines of four stages across them, 256 sequences of 4,096: by
 * measurement the network cost 4 % of the step (0.52 of 13.6 s), of 2.75 s of wire time a direction.
 */
it('four pipelines over one slow card do not lose what all their transfers take', () => {
  const cluster = clusterFromText(
    'schema: shardwright.cluster/1\ngroups:\n  - { id: g, gpu: rtx-4090, nodes: 2, gpusPerNode: 8, intraNode: pcie4-x16-nop2p, nic: { link: eth-25, perNode: 1 } }\n',
    'two.yaml',
  );
  const model = loadModel('llama-2-7b').value;
  const on = {
    ...problem('llama-2-7b', 'dgx-h100-8', { globalBatchSize: 256, sequenceLength: 4096 }, 'megatron-core'),
    cluster,
    model: { ...model, layers: model.layers.slice(0, 16) },
  };
  const plan = planned(on, 'tp=1,pp=4,dp=4,micro-batch=1,sharding=0');
  const slow = estimate(on, plan);
  const [group] = cluster.groups as [(typeof cluster.groups)[0]];
  const nic = { ...group.nic, measured: 1e12, link: { ...group.nic.link, latency: 0, perFlow: null } };
  const fast = estimate({ ...on, cluster: { ...cluster, groups: [{ ...group, nic }] } }, plan);
  const of = ({ time }: typeof slow) => time['gradient reduction']!;
  const lost = slow.stepSeconds - of(slow) - (fast.stepSeconds - of(fast));
  expect(lost).toBeGreaterThan(0);
  expect(lost / slow.stepSeconds).toBeLessThan(0.08);
});

it('sends the whole from each tensor-parallel rank where nothing scatters it, with nothing to put together after', () => {
  const profile = (pipelineTransfers: 'scattered' | 'whole', sp: boolean) => {
    const stack = { ...base.stack, pipelineTransfers };
    const plan = planned(base, `tp=8,pp=2,dp=4,sp=${sp},micro-batch=1`);
    const { stages } = plan.pipelines[0]!;
    return stageProfile({ ...base, stack }, specOf(plan, stages.length, stages[0]!, stages[0]!.replicas[0]!));
  };
  const [parts, whole] = [profile('scattered', false), profile('whole', false)];
  expect(whole.boundaryBytes).toBe(8 * parts.boundaryBytes);
  expect(gatherSeconds(whole)).toBe(0);
  expect(boundarySeconds(whole)).toBeGreaterThan(boundarySeconds(parts));
  // Under sequence parallelism each rank has no more than its part.
  expect(profile('whole', true).boundaryBytes).toBe(parts.boundaryBytes);
});
