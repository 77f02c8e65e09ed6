import { describe, expect, it } from 'vitest';
import { violations } from '../../../src/document/validator.ts';
import { total } from '../../../src/domain/estimate.ts';
import type { Problem } from '../../../src/domain/problem.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { countParameters } from '../../../src/layers/parameters.ts';
import { parseConfiguration } from '../../../src/plan-text/configuration.ts';
import { planOf } from '../../../src/plan-text/plan-of.ts';
import { SCHEDULES, scheduleOf } from '../../../src/schedules/index.ts';
import { estimateSchema } from '../../../src/schema/estimate.ts';
import { leavesFor, TECHNIQUES } from '../../../src/techniques/index.ts';
import { problem } from '../../fixtures/problem.ts';
import { run, SMALL } from '../../fixtures/run.ts';
import { DENSE, planned } from '../frameworks/fixture.ts';

const STALE = SCHEDULES.filter(({ stale }) => stale !== undefined).map(({ id }) => id);
const STAGED = 'tp=4,pp=8,dp=2,micro-batch=2';
const on = (schedule: string, text = STAGED, p: Problem = DENSE) =>
  estimate(p, planned(p, `${text},schedule=${schedule}`));
const refusal = (p: Problem, text: string) => {
  const found = planOf(p, parseConfiguration(text));
  return 'rule' in found ? found.rule : null;
};

describe('schedules that never drain', () => {
  it('are those that say how old their weights are, each with a price', () => {
    expect(STALE).toEqual(['2bw', '2bw-ef', 'paci']);
    for (const { flows, stale, price, allowedAs } of SCHEDULES) {
      expect(stale !== undefined).toBe(flows === true);
      expect(price !== undefined).toBe(flows === true);
      expect(allowedAs).toBe(flows === true ? 'stale' : undefined);
    }
  });

  it.each(STALE)('%s has no bubble, and parts that sum to its step', (schedule) => {
    const { time, stepSeconds } = on(schedule);
    expect(time['pipeline bubble']).toBeLessThan(1e-9);
    expect(total(time)).toBeCloseTo(stepSeconds, 9);
    expect(on('1f1b').time['pipeline bubble']!).toBeGreaterThan(0.1);
  });

  it.each(STALE)('%s wants as many micro-batches as stages', (schedule) => {
    expect(refusal(DENSE, `tp=4,pp=16,dp=1,micro-batch=32,schedule=${schedule}`)).toBeNull();
    expect(refusal(DENSE, `tp=4,pp=16,dp=1,micro-batch=64,schedule=${schedule}`)).toBe(
      'schedule-micro-batches',
    );
  });

  it('paci scales no losses: nobody could skip a step', () => {
    const half = { ...DENSE, workload: { ...DENSE.workload, precision: 'fp16' as const } };
    expect(refusal(half, `${STAGED},schedule=paci`)).toBe('schedule-precision');
    expect(refusal(half, `${STAGED},schedule=2bw`)).toBeNull();
    expect(refusal(half, 'tp=4,pp=1,dp=16,micro-batch=2,schedule=paci')).toBeNull();
  });

  it.each(STALE)('%s on one stage is like any other', (schedule) => {
    const alone = 'tp=8,pp=1,dp=8,micro-batch=1,recompute=full';
    const { staleness, convergence, ...rest } = on(schedule, alone);
    expect([staleness, convergence]).toEqual([null, []]);
    const { staleness: _, convergence: __, ...plain } = on('1f1b', alone);
    expect(rest).toEqual(plain);
  });
});

describe('what they hold', () => {
  const bytes = (schedule: string, part: string, text = STAGED) =>
    on(schedule, text).stages.map(({ memory }) => memory.allocated[part] ?? 0);
  const peaks = (schedule: string, text = STAGED) =>
    on(schedule, text).stages.map(({ memory }) => memory.deviceBytes);

  it.each([STAGED, 'tp=8,pp=8,dp=1,micro-batch=4', 'tp=8,pp=4,dp=2,micro-batch=1,recompute=full'])(
    'paci peaks where 1F1B does, on every stage: %s',
    (text) => expect(peaks('paci', text)).toEqual(peaks('1f1b', text)),
  );

  it('2BW keeps two versions of the weights on every stage', () => {
    for (const [stage, two] of bytes('2bw', 'weights').entries())
      expect(two).toBe(2 * bytes('1f1b', 'weights')[stage]!);
  });

  it('and gradients twice where they are reduced beside the next ones', () => {
    const one = bytes('1f1b', 'gradients');
    expect(bytes('2bw', 'gradients')).toEqual(one.map((b) => 2 * b));
    const alone = 'tp=8,pp=8,dp=1,micro-batch=4';
    expect(bytes('2bw', 'gradients', alone)).toEqual(bytes('1f1b', 'gradients', alone));
  });

  it('error feedback keeps 4 bytes of each parameter more', () => {
    const text = 'tp=8,pp=8,dp=1,micro-batch=4';
    const all = bytes('2bw-ef', 'delay correction', text).reduce((a, b) => a + b, 0);
    // On eight tensor-parallel ranks each: norms on every one.
    expect((8 * all) / (4 * countParameters(DENSE.model).total)).toBeCloseTo(1, 2);
    expect(bytes('2bw', 'delay correction', text)).toEqual(new Array(8).fill(0));
  });
});

describe('what is sent beside the next step', () => {
  const groups = DENSE.cluster.groups.map((group) => ({
    ...group,
    nic: { ...group.nic, link: { ...group.nic.link, bandwidth: 2e7 } },
  }));
  const over = (globalBatchSize: number): Problem => ({
    ...DENSE,
    cluster: { ...DENSE.cluster, groups },
    workload: { ...DENSE.workload, globalBatchSize, sequenceLength: 128 },
  });
  const ACROSS = 'tp=8,pp=4,dp=2,micro-batch=1,zero=1';

  it('is exposed only as far as it outlasts all its micro-batches', () => {
    // Of four and of eight micro-batches as much is sent: T_ar = exposed + m · max(F + B).
    const [four, eight] = [8, 16].map((batch) => {
      const { time, stepSeconds } = on('2bw', ACROSS, over(batch));
      const exposed = time['gradient reduction']!;
      expect(exposed).toBeGreaterThan(1);
      expect(time['parameter gathering']).toBe(0);
      return { exposed, sent: stepSeconds - time.optimizer! - time['step overhead']! };
    });
    expect(eight!.exposed).toBeLessThan(four!.exposed);
    expect(eight!.sent).toBeCloseTo(four!.sent, 6);
    expect(on('2bw').time['gradient reduction']).toBe(0);
  });

  it('stands in the open where each stage steps by itself', () => {
    expect(on('paci', ACROSS, over(8)).stepSeconds).toBeGreaterThan(on('2bw', ACROSS, over(8)).stepSeconds);
    expect(on('paci').time['gradient reduction']!).toBeGreaterThan(0);
  });
});

describe('a price in convergence', () => {
  it('depends on the optimizer', () => {
    const with_ = (optimizer: string, schedule = '2bw') =>
      on(schedule, STAGED, { ...DENSE, workload: { ...DENSE.workload, optimizer } }).convergence.join(' ');
    expect(with_('adamw')).toMatch(/adamw suffers .*0\.2 of loss.*maybe --optimizer muon/);
    expect(with_('muon')).toMatch(/muon hardly suffers.*2\.590 against 2\.578/);
    expect(with_('sgd')).toMatch(/no losses of sgd/);
    expect(with_('muon', '2bw-ef')).toMatch(/2\.583 against 2\.578/);
    expect(with_('adamw', 'paci')).toMatch(/15\.483 against 15\.480.*15\.291 against 15\.350/);
    expect(with_('muon', 'paci')).toMatch(/no losses with muon/);
    expect(on('paci', `${STAGED},recompute=full`).convergence.join()).toMatch(/not studied/);
  });

  it('and weak figures widen the band', () => {
    for (const schedule of STALE) expect(on(schedule).band).toBeGreaterThan(on('1f1b').band);
  });

  it.each([
    ['2bw', 'Stale weights: each gradient is taken of weights 1 update old; 2 versions are kept.'],
    ['paci', 'Stale weights: a micro-batch goes back through weights up to 1 update newer'],
    ['dispatch', 'Stale weights: each gradient is taken of weights 1 update old; one version'],
  ])('%s is said by estimate and explain, and in JSON', async (what, line) => {
    const config = what === 'dispatch' ? 'dp=8,dispatch=async' : `pp=4,dp=2,schedule=${what}`;
    const argv = ['llama-3.2-1b', '4090-8', ...SMALL, '--config', config];
    for (const command of ['estimate', 'explain']) {
      const { out, code } = await run([command, ...argv], { columns: 300 });
      expect(code).toBe(0);
      expect(out).toContain(line);
      expect(out).toContain(`Convergence: ${what === 'dispatch' ? 'dispatch=async' : what}:`);
    }
    const { out } = await run(['estimate', ...argv, '--json']);
    const document = JSON.parse(out);
    expect(violations(estimateSchema, document)).toEqual([]);
    expect(document.staleness.updates).toBe(1);
    expect(document.convergence.length).toBeGreaterThan(0);
  });

  it('asks for leave: no value of any technique that has one is tried unasked', () => {
    const p = problem('llama-3.2-1b', '4090-8');
    const dims = { tp: 1, cp: 1, pp: 1, dpReplicate: 1, dpShard: 8, ep: 1, etp: 1, vpp: 1 };
    let priced = 0;
    for (const one of TECHNIQUES)
      for (const value of one.choices?.(p, dims) ?? []) {
        if ((one.price?.(value) ?? []).length === 0) continue;
        // What islands do now and then, and what passes between stages, have words of their own.
        expect(leavesFor(one, value), one.id).toContain(one.allowedAs === 'offload' ? 'stale' : one.id);
        priced += 1;
      }
    expect(priced).toBeGreaterThan(0);
    expect(scheduleOf('1f1b').price).toBeUndefined();
  });
});
