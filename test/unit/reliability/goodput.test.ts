import { describe, expect, it } from 'vitest';
import { violations } from '../../../src/document/validator.ts';
import type { Problem } from '../../../src/domain/problem.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { countParameters } from '../../../src/layers/parameters.ts';
import { blastRadii } from '../../../src/reliability/blast-radius.ts';
import { checkpointBytes, checkpointOf } from '../../../src/reliability/checkpoint.ts';
import {
  dalyInterval,
  type FailureTimes,
  goodput,
  youngInterval,
} from '../../../src/reliability/interval.ts';
import { type Failures, outlookOf, USUAL_MTBF } from '../../../src/reliability/outlook.ts';
import { shortage } from '../../../src/reliability/spares.ts';
import { compareSchema } from '../../../src/schema/compare.ts';
import { estimateSchema } from '../../../src/schema/estimate.ts';
import { planSchema } from '../../../src/schema/plan.ts';
import { problem } from '../../fixtures/problem.ts';
import { run, SMALL } from '../../fixtures/run.ts';
import { withTraining } from '../../fixtures/trained.ts';
import { planned } from '../frameworks/fixture.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;

/** 16,384 H100, a failure every 3.1 hours, five minutes until it trains again. */
const LLAMA = { mttf: 3.1 * HOUR, restart: 300 };

/** Goodput to first order, where losses are small: 1 − δ/τ − (τ/2 + D + R)/M. */
function toFirstOrder({ mttf, saving, restart }: FailureTimes, interval: number): number {
  return 1 - saving / interval - (interval / 2 + restart) / mttf;
}

describe('the interval between checkpoints', () => {
  it.each([
    [60, 1157, 0.869],
    [1, 149, 0.96],
  ])('of %i s each at 16,384 GPUs is %i s by Young, of goodput %d', (saving, seconds, share) => {
    const interval = youngInterval({ ...LLAMA, saving });
    expect(interval).toBeCloseTo(seconds, 0);
    expect(toFirstOrder({ ...LLAMA, saving }, interval)).toBeCloseTo(share, 3);
    // What is lost twice is lost once.
    const exact = goodput({ ...LLAMA, saving }, interval);
    expect(exact).toBeGreaterThan(toFirstOrder({ ...LLAMA, saving }, interval));
    expect(exact - share).toBeLessThan(0.015);
  });

  it('is best: Daly’s loses no more than any other, and less than Young’s where saving takes long', () => {
    for (const saving of [1, 60, 600, 3000]) {
      const times = { ...LLAMA, saving };
      const daly = goodput(times, dalyInterval(times));
      for (let interval = 60; interval < 4 * HOUR; interval *= 1.05)
        expect(goodput(times, interval) - daly, `${saving} s, every ${interval} s`).toBeLessThan(0.01);
    }
    const long = { ...LLAMA, saving: 3000 };
    expect(dalyInterval(long)).not.toBeCloseTo(youngInterval(long), -2);
    expect(dalyInterval({ mttf: 100, saving: 200 })).toBe(100);
  });

  it('agrees with BLOOM: 40 s every three hours are 0.37 %', () => {
    const never = { mttf: 1e15, saving: 40, restart: 0 };
    expect(1 - goodput(never, 3 * HOUR)).toBeCloseTo(0.0037, 4);
  });
});

describe('how often a job fails', () => {
  it('is Llama 3’s: every 3.1 hours of 16,384 GPUs', () => {
    expect(USUAL_MTBF / DAY).toBeCloseTo(2111, -1);
    expect(USUAL_MTBF / 16_384 / HOUR).toBeCloseTo(3.1, 1);
  });
});

describe('spares', () => {
  it('are short as often as a Poisson distribution says', () => {
    // Two failures a day, a day of repair: two are away on average.
    const rate = 2 / DAY;
    const short = (hosts: number) => shortage({ hosts, repairSeconds: DAY }, rate);
    expect(short(0)).toEqual({ share: 1, waitSeconds: DAY });
    expect(short(1).share).toBeCloseTo(1 - Math.exp(-2), 12);
    expect(short(3).share).toBeCloseTo(1 - Math.exp(-2) * (1 + 2 + 2), 12);
    expect(short(3).waitSeconds).toBe(DAY / 4);
    expect(short(30).share).toBeLessThan(1e-12);
  });
});

describe('a checkpoint', () => {
  const P = problem('llama-3.1-8b', 'dgx-h100-64');
  const plan = planned(P, 'tp=2,pp=2,dp=16,micro-batch=1');
  const count = countParameters(P.model).total;
  const bytesOf = (over: Partial<Problem['workload']>) =>
    checkpointBytes({ ...P, workload: { ...P.workload, ...over } }, plan);

  it('has 14 bytes of a parameter with AdamW, 10 with Muon but for embeddings, 12 without masters', () => {
    expect(bytesOf({}) / count).toBe(14);
    expect(bytesOf({ optimizer: 'muon' }) / count).toBeGreaterThan(10);
    expect(bytesOf({ optimizer: 'muon' }) / count).toBeLessThan(11);
    expect(bytesOf({ precision: 'fp32' }) / count).toBe(12);
  });

  it('has adapters alone where only those are trained, and what a schedule keeps beside', () => {
    expect(checkpointBytes(withTraining(P, 'lora'), plan)).toBeLessThan(0.01 * bytesOf({}));
    const corrected = planned(P, 'tp=2,pp=2,dp=16,micro-batch=1,schedule=2bw-ef');
    expect(checkpointBytes(P, corrected) / count).toBe(18);
  });

  it('keeps training waiting until it is on storage, or on the hosts', () => {
    const sync = checkpointOf(P, plan, { kind: 'sync', bandwidth: 1e10 });
    expect(sync.stallSeconds).toBe(sync.bytes / 1e10);
    const async = checkpointOf(P, plan, { kind: 'async', bandwidth: 1e10 });
    expect(async.writeSeconds).toBe(sync.writeSeconds);
    // 1.8 GB of each GPU at some 20 to 60 GB/s.
    expect(async.stallSeconds).toBeLessThan(0.2);
    expect(async.stallSeconds).toBeGreaterThan(0.02);
    expect(checkpointOf(P, plan, { kind: 'stall', seconds: 7 }).stallSeconds).toBe(7);
  });
});

describe('the blast radius', () => {
  it('of a host stops the copies that stand on it', () => {
    const P = problem('llama-3.1-8b', 'dgx-h100-64');
    const radii = (text: string) => blastRadii(P, planned(P, text));
    expect(radii('tp=8,pp=2,dp=4,micro-batch=1')).toEqual([
      { group: 'h100', of: 'host', gpus: 8, copies: 1, ofCopies: 4 },
    ]);
    expect(radii('tp=1,pp=2,dp=32,micro-batch=1')[0]).toMatchObject({ copies: 8, ofCopies: 32 });
  });

  it('of a rack of 72 is larger than that of its trays', () => {
    const P = problem('llama-3.1-8b', 'gb200-nvl72-576', { globalBatchSize: 576 });
    const [tray, rack] = blastRadii(P, planned(P, 'tp=4,pp=1,dp=144,micro-batch=1'));
    expect(tray).toMatchObject({ of: 'host', gpus: 4, copies: 1, ofCopies: 144 });
    expect(rack).toMatchObject({ of: 'rack', gpus: 72, copies: 18, ofCopies: 144 });
  });
});

describe('goodput of a plan', () => {
  const P = problem('llama-3.1-405b', 'dgx-h100-16384', { sequenceLength: 8192, globalBatchSize: 2048 });
  const plan = planned(P, 'tp=8,pp=16,dp=128,micro-batch=1,vpp=1');
  const costed = estimate(P, plan);
  const NOTHING: Failures = {
    mtbf: null,
    saving: null,
    restartSeconds: null,
    spares: null,
    congestion: null,
  };
  const of = (over: Partial<Failures>) => outlookOf(P, plan, costed, { ...NOTHING, ...over });

  it('of Llama 3 405B on 16,384 GPUs is above 90 %, as it was, with checkpoints that copy to hosts', () => {
    const llama = of({ saving: { kind: 'async', bandwidth: 1e11 } });
    expect(llama.mttfSeconds / HOUR).toBeCloseTo(3.1, 1);
    expect(llama.goodput).toBeGreaterThan(0.9);
    expect(llama.goodput).toBeLessThan(0.98);
    expect(llama.checkpoint.intervalSeconds).toBeGreaterThanOrEqual(llama.checkpoint.writeSeconds);
    // And with a minute for each what the formulas say.
    const minute = of({ saving: { kind: 'stall', seconds: 60 }, restartSeconds: 300 });
    expect(minute.checkpoint.youngSeconds).toBeCloseTo(1157, -1);
    expect(minute.goodput).toBeCloseTo(0.881, 2);
    expect(minute.tokensPerSecond).toBeCloseTo(costed.tokensPerSecond * minute.goodput, 6);
  });

  it('falls with failures, restarts and want of spares, and says what was assumed', () => {
    const usual = of({}).goodput;
    const job = { of: 'job' as const, seconds: HOUR };
    expect(of({ mtbf: job }).goodput).toBeLessThan(usual);
    expect(of({ restartSeconds: 1800 }).goodput).toBeLessThan(usual);
    const short = of({ spares: { hosts: 1, repairSeconds: DAY } });
    expect(short.goodput).toBeLessThan(usual);
    expect(short.shortage!.share).toBeGreaterThan(0.9);
    expect(of({}).assumptions).toHaveLength(5);
    const said: Failures = {
      mtbf: job,
      saving: { kind: 'stall', seconds: 1 },
      restartSeconds: 60,
      spares: { hosts: 40, repairSeconds: DAY },
      congestion: 0.5,
    };
    expect(of(said).assumptions).toEqual(['failures come one by one, at random']);
    const gpu = of({ mtbf: { of: 'gpu', seconds: 16_384 * HOUR } });
    const host = of({ mtbf: { of: 'host', seconds: 2048 * HOUR } });
    expect([gpu.mttfSeconds, host.mttfSeconds]).toEqual([HOUR, HOUR]);
  });

  it('and with what other traffic takes of the network', () => {
    const half = of({ congestion: 0.5 });
    expect(half.congestion!.stepSeconds).toBeGreaterThan(1.001 * costed.stepSeconds);
    expect(half.tokensPerSecond).toBeLessThan(of({}).tokensPerSecond);
    expect(of({ congestion: 1 }).congestion!.stepSeconds).toBe(costed.stepSeconds);
  });
});

describe('on the command line', () => {
  const ESTIMATE = ['estimate', 'llama-3.2-1b', 'dgx-h100-8', ...SMALL, '--config', 'dp=8'];

  it('is told in lines and in JSON, and nowhere unasked', async () => {
    const plain = await run(ESTIMATE);
    expect(plain.out).not.toContain('Goodput');
    const { out, code } = await run([...ESTIMATE, '--mtbf', '30d', '--checkpoint', 'async:2GB/s'], {
      columns: 200,
    });
    expect(code).toBe(0);
    expect(out.startsWith((await run(ESTIMATE, { columns: 200 })).out)).toBe(true);
    expect(out).toMatch(/Goodput: 9\d\.\d% .* every 3\.75 d;/);
    expect(out).toMatch(/Checkpoint: .* best every/);
    const { out: json } = await run([...ESTIMATE, '--mtbf', 'usual', '--json']);
    expect(violations(estimateSchema, JSON.parse(json))).toEqual([]);
    expect(JSON.parse(json).outlook.meanTimeToFailureSeconds).toBeCloseTo(USUAL_MTBF / 8, 0);
  });

  it('stands beside plans, each with its own', async () => {
    const argv = ['plan', 'llama-3.2-1b', 'dgx-h100-8', ...SMALL, '--mtbf', 'job=1h', '--no-cache'];
    const { out } = await run([...argv, '--json']);
    const document = JSON.parse(out);
    expect(violations(planSchema, document)).toEqual([]);
    for (const { outlook, tokensPerSecond } of document.plans)
      expect(outlook.tokensPerSecond).toBeCloseTo(outlook.goodput * tokensPerSecond, 3);
    expect((await run(argv)).out).toContain('Goodput: ');
  });

  it('is what compare compares', async () => {
    const argv = ['compare', 'llama-3.2-1b', 'dgx-h100-8', 'dgx-a100-8', ...SMALL];
    const { out } = await run([...argv, '--mtbf', '2d', '--json']);
    const document = JSON.parse(out);
    expect(violations(compareSchema, document)).toEqual([]);
    const [one, other] = document.clusters;
    expect(one.tokensPerSecond).toBe(one.best.outlook.tokensPerSecond);
    expect(other.ratioToFirst).toBeCloseTo(other.tokensPerSecond / one.tokensPerSecond, 12);
    const { out: table } = await run([...argv, '--mtbf', '2d'], { columns: 160 });
    expect(table).toContain('goodput');
    expect((await run(argv, { columns: 160 })).out).not.toContain('goodput');
  });

  it.each([
    [['--checkpoint', '60s'], '--checkpoint without --mtbf'],
    [['--mtbf', '3'], '--mtbf is "3"'],
    [['--mtbf', 'rack=3h'], '--mtbf is "rack=3h"'],
    [['--mtbf', '0h'], '--mtbf is "0h"'],
    [['--mtbf', '1d', '--checkpoint', 'async:60s'], '--checkpoint is "async:60s"'],
    [['--mtbf', '1d', '--repair', '2d'], '--repair without --spares'],
    [['--mtbf', '1d', '--spares', '1.5'], '--spares is "1.5"'],
    [['--mtbf', '1d', '--congestion', '120%'], '--congestion is "120%"'],
    [['--mtbf', '1d', '--congestion', '100GB/s'], '--congestion is "100GB/s"'],
  ])('%s is refused', async (more, message) => {
    const { code, err } = await run([...ESTIMATE, ...more]);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });

  it('takes the slowest of measured bus bandwidths for what all get', async () => {
    const { out } = await run([...ESTIMATE, '--mtbf', 'usual', '--congestion', '180GB/s,90GB/s', '--json']);
    expect(JSON.parse(out).outlook.congestion.share).toBe(0.5);
  });
});
