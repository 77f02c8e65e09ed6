import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { violations } from '../../../src/document/validator.ts';
import { SCHEMAS } from '../../../src/schema/index.ts';
import { run } from '../../fixtures/run.ts';

const home = mkdtempSync(join(tmpdir(), 'shardwright-'));
const at = (name: string) => join(home, name);
const log = (name: string) => `test/fixtures/logs/megatron-${name}.log`;

const LOGS = ['tp2', 'tp4', 'tp8', 'dp', 'pp'].map(log);
const CONFIGS = [
  'tp=2,dp=8,micro-batch=1',
  'tp=4,pp=2,dp=2,micro-batch=1',
  'tp=8,dp=8,micro-batch=2',
  'tp=1,pp=4,dp=16,micro-batch=1,recompute=full',
  'tp=2,pp=2,dp=16,micro-batch=1',
];
const RAN = ['--model', 'llama-3.1-8b', '--cluster', 'dgx-h100-64', '--seq-length', '8k'];
const ALL = ['calibrate', ...LOGS, ...RAN, ...CONFIGS.flatMap((text) => ['--config', text])];
const OURS = at('ours.yaml');
const PROBLEM = ['llama-3.1-8b', 'dgx-h100-64', '--seq-length', '8192', '--global-batch', '256'];
const HERE = ['--stack', 'megatron-core'];
const SPLIT = ['--config', 'tp=2,pp=2,dp=16,micro-batch=1'];

beforeAll(async () => {
  const { code, err } = await run([...ALL, '--out', OURS]);
  expect([code, err]).toEqual([0, '']);
});

const stepOf = async (argv: readonly string[]) => {
  const { code, out, err } = await run([...argv, '--json']);
  expect([code, err]).toEqual([0, '']);
  return JSON.parse(out);
};

describe('calibrate', () => {
  it('writes what its schema says, and prints each run before and after', async () => {
    const { out } = await run(ALL);
    expect(out).toContain('5 runs that differ, 250 steps: 16 to 64 GPUs of h100-sxm, megatron-core');
    expect(out).toMatch(/step time +×1\.1[01]/);
    expect(out).toContain('--out FILE writes what --calibration reads');
    const document = JSON.parse((await run([...ALL, '--json'])).out);
    expect(violations(SCHEMAS.calibration!, document)).toEqual([]);
    expect(document.factors.time).toBeCloseTo(1.1, 1);
    expect(document.error.leftOut).toBeLessThan(0.3 * document.error.before);
    expect(document.measured[0].steps).toBe(50);
  });

  it('reads files of runs too, which say all themselves', async () => {
    const argv = ['calibrate', 'test/fixtures/runs/korthikanti.jsonl'];
    const document = JSON.parse((await run([...argv, '--json'])).out);
    expect(document).toMatchObject({ stack: 'megatron-2022', runs: 9, steps: null });
    const { code, err } = await run([...argv, '--config', 'tp=8']);
    expect([code, err]).toEqual([2, expect.stringMatching(/--config beside .*korthikanti/)]);
  });

  it.each([
    [[...ALL, '--config', 'tp=8'], /--config stands 6 times for 5 logs/],
    [['calibrate', log('tp2'), ...RAN], /--config is missing for/],
    [
      ['calibrate', log('tp2'), ...RAN, '--config', CONFIGS[0]!, '--global-batch', '64'],
      /--global-batch is 64, and .* says 128/,
    ],
    [['calibrate', log('tp2'), ...RAN, '--config', 'tp=3'], /--config tp=3 of .* cannot run/],
    [['calibrate', log('tp2'), ...RAN, '--config', 'tp=4,dp=1,micro-batch=1'], /a step, estimated at/],
    [
      ['calibrate', 'test/fixtures/run.ts', ...RAN, '--config', 'tp=8'],
      /no line about a step[\s\S]*Megatron-LM: iteration N/,
    ],
    [['calibrate', at('none.log'), ...RAN, '--config', 'tp=8'], /no file/],
    [[...ALL, '--out', OURS], /ours\.yaml exists[\s\S]*--force/],
  ] as const)('%j is refused', async (argv, words) => {
    const { code, err } = await run(argv);
    expect([code, err]).toEqual([2, expect.stringMatching(words)]);
  });
});

describe('--calibration', () => {
  it('corrects an estimate, says so, and makes it surer', async () => {
    const [before, after] = [
      await stepOf(['estimate', ...PROBLEM, ...HERE, ...SPLIT]),
      await stepOf(['estimate', ...PROBLEM, ...SPLIT, '--calibration', OURS]),
    ];
    const { factors, band } = after.problem.calibration;
    expect(after.problem.stack).toBe('megatron-core');
    expect(after.stepTimeSeconds / before.stepTimeSeconds).toBeCloseTo(factors.time, 9);
    expect(after.errorBand).toBeLessThan(before.errorBand);
    expect(after.errorBand).toBeGreaterThanOrEqual(band);
    expect(after.assumptions[0]).toMatch(/^calibrated by ours \(5 runs/);
  });

  it('is carried by a plan, which is read again to the last digit without the file', async () => {
    const argv = [
      'plan',
      ...PROBLEM,
      '--calibration',
      OURS,
      '--fix',
      'pp=2,cp=1,micro-batch=1',
      '--top',
      '2',
      '--no-cache',
    ];
    const { out } = await run([...argv, '--json']);
    const plan = at('plan.json');
    writeFileSync(plan, out);
    const printed = JSON.parse(out);
    expect(violations(SCHEMAS.plan!, printed)).toEqual([]);
    const again = await stepOf(['estimate', `${plan}#1`]);
    expect(again.stepTimeSeconds).toBe(printed.plans[0].stepTimeSeconds);
    expect(again.errorBand).toBe(printed.plans[0].errorBand);
    expect(again.stages).toEqual(printed.plans[0].stages);
    expect((await run(['emit', `${plan}#1`, '--to', 'json'])).err).toBe('');
    expect(
      (await run(['replan', plan, '--lost', 'h100-7', '--calibration', OURS, '--launcher', 'megatron'])).err,
    ).toBe('');
    expect((await run(['emit', `${plan}#1`, '--to', 'json', '--calibration', OURS])).err).toBe('');
  });

  it('is part of what a search is remembered by, and of the command that explains it', async () => {
    const cache = { env: { XDG_CACHE_HOME: at('cache') } };
    const argv = ['plan', ...PROBLEM, ...HERE, '--fix', 'tp=2,pp=2,micro-batch=1', '--top', '1'];
    const plain = await run(argv, cache);
    const own = await run([...argv, '--calibration', OURS], cache);
    expect(own.out).not.toBe(plain.out);
    expect(own.out).toContain('Assumed: calibrated by ours (5 runs');
    expect(own.out).toContain('--calibration');
    expect((await run(argv, cache)).out).toBe(plain.out);
  });

  it('holds for the clusters of a comparison that it is of, and is said not to for others', async () => {
    const argv = [
      'compare',
      'llama-3.1-8b',
      'dgx-h100-8',
      'dgx-a100-8',
      '--seq-length',
      '4096',
      '--global-batch',
      '64',
    ];
    const { out } = await run([...argv, '--calibration', OURS], { columns: 200 });
    expect(out).toMatch(/Assumed of dgx-h100-8: calibrated by ours/);
    expect(out).toMatch(
      /Assumed of dgx-a100-8: calibration ours does not hold here: it is of h100-sxm, this has a100-80-sxm/,
    );
  });

  it('is not taken along to another model or cluster unsaid', async () => {
    const plan = at('plan.json');
    const { out } = await run(['estimate', 'llama-3.1-8b', 'dgx-h100-64', '--from', `${plan}#1`]);
    expect(out).toMatch(/calibration\s+ours\s+is\s+not\s+taken\s+along/);
  });

  it('is refused by line where it is none', async () => {
    const bad = at('bad.yaml');
    writeFileSync(bad, readFileSync(OURS, 'utf8').replace('  time: 1.', '  tim: 1.'));
    const { code, err } = await run(['estimate', ...PROBLEM, ...SPLIT, '--calibration', bad]);
    expect([code, err]).toEqual([
      2,
      expect.stringMatching(/bad\.yaml:\d+:\d+: unknown key "tim"[\s\S]*time/),
    ]);
  });
});
