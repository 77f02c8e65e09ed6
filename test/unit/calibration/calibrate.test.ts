import { describe, expect, it } from 'vitest';
import { calibrate } from '../../../src/calibration/calibrate.ts';
import type { MeasuredRun } from '../../../src/calibration/measured-run.ts';
import { calibrated, withFactors } from '../../../src/domain/calibrated.ts';
import type { CalibrationFactors } from '../../../src/domain/calibration.ts';
import type { Problem } from '../../../src/domain/problem.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { parseConfiguration } from '../../../src/plan-text/configuration.ts';
import { planOf } from '../../../src/plan-text/plan-of.ts';
import { problem } from '../../fixtures/problem.ts';

/** A run as the evaluator would have it with factors, off by `noise`. */
function runOf(given: Problem, text: string, factors: CalibrationFactors, noise = 0): MeasuredRun {
  const configured = planOf(given, parseConfiguration(text));
  if (!('plan' in configured)) throw new Error(configured.rule);
  const { plan } = configured;
  const { stepSeconds, stages } = estimate(withFactors(given, { ...factors, memory: 1 }), plan);
  const bytes = Math.max(...stages.map(({ memory }) => memory.allocatedBytes));
  return {
    name: text,
    problem: given,
    plan,
    seconds: stepSeconds * (1 + noise),
    steps: 50,
    spread: 0,
    memory: factors.memory === undefined ? [] : [{ bytes: bytes * factors.memory, kind: 'allocated' }],
  };
}

const fast = problem('llama-3.1-8b', 'dgx-h100-64');
const slow = problem('llama-3.2-1b', 'v100-cloud-32', { precision: 'fp16', sequenceLength: 2048 });
const SPLITS = ['tp=8,dp=8', 'tp=4,pp=2,dp=8', 'tp=2,pp=4,dp=8', 'pp=4,dp=16', 'tp=4,dp=16', 'tp=8,dp=2'];
const ON_SLOW = ['dp=32', 'pp=4,dp=8', 'tp=4,dp=8', 'tp=4,dp=2', 'pp=2,dp=16', 'tp=8,dp=1', 'tp=8,dp=4'];

describe('factors', () => {
  it('of kernels come out of runs that are all as much slower', () => {
    const { calibration, refused } = calibrate(
      'ours',
      SPLITS.map((text, i) => runOf(fast, text, { time: 1.12 }, 0.001 * (-1) ** i)),
    );
    expect(calibration.factors.time).toBeCloseTo(1.12, 1);
    expect(calibration.factors).toEqual({ time: calibration.factors.time });
    expect(refused.network).toMatch(/no run waits|too like a share|come too little nearer/);
    expect(calibration).toMatchObject({
      stack: 'megatron-core',
      gpus: ['h100-sxm'],
      kinds: ['dense'],
      gpuCounts: { least: 16, most: 64 },
      runs: 6,
      steps: 300,
    });
  });

  it('of a network come out of runs that wait for it unlike long', () => {
    const truth = { time: 0.95, network: 0.5 };
    const { calibration, runs } = calibrate(
      'ours',
      ON_SLOW.map((text) => runOf(slow, text, truth)),
    );
    expect(calibration.factors.network! / truth.network).toBeCloseTo(1, 1);
    expect(calibration.factors.time! / truth.time).toBeCloseTo(1, 1);
    for (const { run, calibrated: now } of runs) expect(Math.abs(now / run.seconds - 1)).toBeLessThan(0.03);
  });

  it('are no more than runs allow, and it says which', () => {
    const three = ON_SLOW.slice(0, 3).map((text) => runOf(slow, text, { time: 1.1, network: 0.5 }));
    const { calibration, refused } = calibrate('ours', three);
    expect(Object.keys(calibration.factors)).toEqual(['time']);
    expect(refused.network).toBe('3 runs that differ: 2 factors take at least 4');
    expect(calibration.band).toBeNull();
  });

  it('of one run leave the band as it is, and a run told twice is one', () => {
    const [text = ''] = SPLITS;
    const twice = [runOf(fast, text, { time: 1.1 }, 0.01), runOf(fast, text, { time: 1.1 }, -0.01)];
    const { calibration, runs } = calibrate('ours', twice);
    expect(calibration).toMatchObject({ runs: 1, band: null, factors: { time: 1.1 } });
    expect(runs[0]!.leftOut).toBeNull();
  });

  it('are moved little by one run that went wrong', () => {
    const runs = SPLITS.map((text, i) => runOf(fast, text, { time: 1.1 }, i === 2 ? 0.8 : 0));
    const { calibration } = calibrate('ours', runs);
    expect(calibration.factors.time).toBeCloseTo(1.1, 2);
    expect(calibration.band).toBeGreaterThan(0.02);
  });

  it('of memory are those of the run that held most, never below one', () => {
    const held = (factor: number) =>
      calibrate(
        'ours',
        SPLITS.slice(0, 3).map((text, i) => runOf(fast, text, { memory: factor - 0.01 * i })),
      );
    expect(held(1.08).calibration.factors.memory).toBeCloseTo(1.08, 3);
    expect(held(0.9).calibration.factors.memory).toBeUndefined();
    expect(held(0.9).refused.memory).toMatch(/never lowered/);
  });
});

describe('runs', () => {
  it('of unlike stacks are refused', () => {
    const other = problem('llama-3.1-8b', 'dgx-h100-64', {}, 'torch-fsdp2');
    expect(() => calibrate('ours', [runOf(fast, 'tp=8,dp=8', {}), runOf(other, 'dp=64', {})])).toThrow(
      /runs of the stacks megatron-core and torch-fsdp2/,
    );
  });

  it('that cannot be those of the configuration are refused', () => {
    expect(() => calibrate('ours', [runOf(fast, 'tp=8,dp=8', { time: 4 })])).toThrow(
      /tp=8,dp=8: .* a step, estimated at[\s\S]*within a factor of 3/,
    );
  });
});

describe('estimates with a calibration', () => {
  const runs = SPLITS.map((text, i) => runOf(fast, text, { time: 1.12, memory: 1.05 }, 0.001 * (-1) ** i));
  const { calibration } = calibrate('ours', runs);
  const { plan } = runs[0]!;

  it('are corrected, told so, and surer', () => {
    const [before, after] = [fast, calibrated(fast, calibration)].map((one) => estimate(one, plan));
    expect(after!.stepSeconds / before!.stepSeconds).toBeCloseTo(calibration.factors.time!, 9);
    const [was, is] = [before!, after!].map(({ stages }) => stages[0]);
    expect(is!.memory.reservedBytes / was!.memory.reservedBytes).toBeCloseTo(1.05, 3);
    expect(after!.assumptions[0]).toMatch(
      /^calibrated by ours \(6 runs, 300 steps on h100-sxm, megatron-core\)/,
    );
    expect(after!.band).toBeLessThan(before!.band);
    expect(after!.band).toBeGreaterThanOrEqual(calibration.band!);
  });

  it.each([
    ['a kind of run that was not measured', problem('mixtral-8x7b', 'dgx-h100-64')],
    [
      'a network that was not gone over',
      {
        ...fast,
        cluster: {
          ...fast.cluster,
          groups: fast.cluster.groups.map((group) => ({
            ...group,
            nic: { ...group.nic, link: { ...group.nic.link, id: 'another' } },
          })),
        },
      },
    ],
  ] as const)('are no surer for %s', (_, given) => {
    const other = planOf(given, parseConfiguration('tp=8,dp=8'));
    if (!('plan' in other)) throw new Error(other.rule);
    const [before, after] = [given, calibrated(given, calibration)].map((one) => estimate(one, other.plan));
    expect(after!.band).toBe(before!.band);
    expect(after!.stepSeconds).toBeGreaterThan(before!.stepSeconds);
  });

  it.each([
    [
      'another stack',
      problem('llama-3.1-8b', 'dgx-h100-64', {}, 'torch-fsdp2'),
      /of the stack megatron-core/,
    ],
    ['another GPU', problem('llama-3.1-8b', 'dgx-a100-64'), /of h100-sxm, this has a100-80-sxm/],
  ] as const)('are as they were on %s, and it is said', (_, given, words) => {
    const other = planOf(given, parseConfiguration('tp=1,dp=64'));
    if (!('plan' in other)) throw new Error(other.rule);
    const [before, after] = [given, calibrated(given, calibration)].map((one) => estimate(one, other.plan));
    expect(after).toEqual({ ...before, assumptions: [expect.stringMatching(words), ...before!.assumptions] });
  });
});
