import { expect, it } from 'vitest';
import { specOf } from '../../../src/evaluate/context.ts';
import { stageProfile } from '../../../src/evaluate/stage-profile.ts';
import { boundarySeconds, gatherSeconds } from '../../../src/evaluate/time/boundary.ts';
import { coefficients } from '../../../src/hardware/coefficients.ts';
import { collectiveSeconds } from '../../../src/hardware/collective.ts';
import { problem } from '../../fixtures/problem.ts';
import { planned } from '../frameworks/fixture.ts';

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
