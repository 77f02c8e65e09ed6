import { describe, expect, it } from 'vitest';
import { modelsFrom } from '../../../src/cli/models.ts';
import type { Problem } from '../../../src/domain/problem.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { FRAMEWORKS, launcherOf } from '../../../src/frameworks/index.ts';
import { countParameters } from '../../../src/layers/parameters.ts';
import { modelText } from '../../../src/plan-text/model-text.ts';
import { problem } from '../../fixtures/problem.ts';
import { run, SMALL } from '../../fixtures/run.ts';
import { ORIGIN, planned } from '../frameworks/fixture.ts';

const ALONE = problem('llama-3.1-8b', 'dgx-h100-8');
const REFERENCE = 'reference llama-3.1-8b';
const beside = (models: string): Problem => ({
  ...ALONE,
  workload: { ...ALONE.workload, ...modelsFrom(models, 'bf16') },
});
const costed = (models: string | null, config: string) => {
  const on = models === null ? ALONE : beside(models);
  return estimate(on, planned(on, config));
};
const fullest = ({ stages }: ReturnType<typeof estimate>) =>
  Math.max(...stages.map(({ memory }) => memory.allocatedBytes));
const WHOLE = 'tp=1,pp=1,dp=8,micro-batch=1,zero=1';

describe('a model beside the trained one', () => {
  const weights = 2 * countParameters(ALONE.model).total;

  it('has its weights on each GPU, and the logits of a micro-batch beside them', () => {
    const one = costed('reference=llama-3.1-8b:frozen', WHOLE);
    const held = one.stages[0]!.memory.allocated[REFERENCE]!;
    // fp32 beside 16 bits, of 4096 tokens.
    const logits = 6 * 4096 * 128_256;
    expect(held).toBeGreaterThan(weights + logits * 0.99);
    expect(held).toBeLessThan(weights + logits + 2e9);
    expect(fullest(one)).toBeGreaterThan(fullest(costed(null, WHOLE)) + weights);
  });

  it('is split as the plan splits, unless it is whole', () => {
    const share = (models: string, config: string) =>
      costed(models, config).stages[0]!.memory.allocated[REFERENCE]!;
    const split = share('reference=llama-3.1-8b:frozen', 'tp=2,pp=2,dp=2,micro-batch=1,zero=1');
    expect(split).toBeLessThan(weights / 3);
    expect(split).toBeGreaterThan(weights / 4.5);
    expect(share('reference=llama-3.1-8b:whole', 'tp=2,pp=2,dp=2,micro-batch=1,zero=1')).toBeGreaterThan(
      weights,
    );
    expect(share('reference=llama-3.1-8b', 'tp=1,pp=1,dp=8,micro-batch=1,zero=3')).toBeLessThan(weights);
  });

  it('adds a phase to the step: forward alone where it is frozen, near a third of a trained one', () => {
    const alone = costed(null, WHOLE);
    const frozen = costed('reference=llama-3.1-8b', WHOLE);
    const trained = costed('critic=llama-3.1-8b', WHOLE);
    const parts = (one: typeof alone) => Object.values(one.time).reduce((a, b) => a + b, 0);
    expect(parts(frozen)).toBeCloseTo(frozen.stepSeconds, 9);
    const [forward, both] = [frozen, trained].map((one) => one.stepSeconds - alone.stepSeconds) as [
      number,
      number,
    ];
    expect(forward / both).toBeGreaterThan(0.28);
    expect(forward / both).toBeLessThan(0.38);
    expect(both / alone.stepSeconds).toBeGreaterThan(0.95);
    expect(both / alone.stepSeconds).toBeLessThan(1.05);
    expect(frozen.band).toBeGreaterThan(alone.band);
    expect(frozen.assumptions.join('\n')).toMatch(/reference llama-3\.1-8b: frozen, bf16, split/);
  });

  it('that is trained has gradients and states as well', () => {
    const held = costed('critic=llama-3.1-8b', WHOLE).stages[0]!.memory.allocated['critic llama-3.1-8b']!;
    expect(held).toBeGreaterThan(3 * weights);
  });

  it('that is offloaded lies on the host, and on the GPU in its phase alone', () => {
    const offloaded = costed('reference=llama-3.1-8b:offloaded', WHOLE);
    const resident = costed('reference=llama-3.1-8b', WHOLE);
    expect(offloaded.hosts[0]!.parts[REFERENCE]).toBeCloseTo(8 * weights, -9);
    expect(resident.hosts).toEqual([]);
    expect(fullest(offloaded)).toBeLessThan(fullest(resident));
    expect(fullest(offloaded)).toBeGreaterThanOrEqual(fullest(costed(null, WHOLE)));
    expect(offloaded.stepSeconds).toBeGreaterThan(resident.stepSeconds);
  });

  it('follows the others: of phases the largest counts', () => {
    const one = costed('reference=llama-3.1-8b:offloaded', WHOLE);
    const two = costed('reference=llama-3.1-8b:offloaded,reward=llama-3.1-8b:offloaded', WHOLE);
    expect(fullest(two)).toBe(fullest(one));
    expect(two.stepSeconds).toBeGreaterThan(one.stepSeconds);
  });

  it('never takes less memory nor time than none, in any split', () => {
    for (const config of [
      'tp=8,pp=1,dp=1,micro-batch=2,zero=0',
      'tp=1,pp=4,dp=2,micro-batch=1,zero=1,recompute=full',
      'tp=2,pp=2,dp=2,vpp=2,micro-batch=1,zero=1',
      'tp=1,pp=1,dp=4,cp=2,micro-batch=1,zero=2',
    ])
      for (const models of ['reference=llama-3.2-1b', 'critic=llama-3.1-8b:offloaded']) {
        const [alone, both] = [costed(null, config), costed(models, config)];
        expect(fullest(both), `${config} ${models}`).toBeGreaterThanOrEqual(fullest(alone));
        expect(both.stepSeconds).toBeGreaterThan(alone.stepSeconds);
      }
  });

  it('must be split as the plan splits, or the law says so', () => {
    const on = beside('reference=qwen2.5-7b');
    expect(() => planned(on, 'tp=8,pp=1,dp=1,micro-batch=1')).toThrow();
  });

  it('is refused by name by each framework', () => {
    const on = beside('reference=llama-3.1-8b');
    const plan = planned(on, WHOLE);
    for (const { id, reject, express } of FRAMEWORKS)
      expect(reject(on, plan)?.rule, id).toBe(express.layers.includes('softmax') ? 'models' : 'layer-kind');
    for (const id of ['env', 'json']) {
      const describer = launcherOf(id)!;
      expect(describer.reject(on, plan)).toBeNull();
      expect(describer.render(on, plan, ORIGIN)[0]!.content).toContain('reference=llama-3.1-8b:frozen');
    }
  });
});

describe('--models', () => {
  it('is read back as it is told', () => {
    const text =
      'reference=llama-3.1-8b:frozen:offloaded:whole:fp16,critic=llama-3.2-1b:trained:resident:split:bf16';
    const { models } = modelsFrom(text, 'bf16');
    expect(models!.map(modelText).join(',')).toBe(text);
  });

  it.each([
    ['ref=llama-3.1-8b', /ROLE=MODEL/],
    ['reference=llama-3.1-8b:frozne', /Maybe "frozen"/],
    ['reference=llama-3.1-8b:frozen:trained', /two of frozen, trained/],
    ['critic=llama-3.1-8b:whole', /trained, and whole/],
    ['reference=llama-9', /llama-9/],
  ])('refuses %s', async (models, message) => {
    const { code, err } = await run([
      ...['estimate', 'llama-3.1-8b', 'dgx-h100-8', ...SMALL, '--models', models],
      ...['--config', 'tp=2'],
    ]);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });

  it('answers whether DPO of an 8B fits on eight GPUs, and by which plan', async () => {
    const { code, out } = await run([
      ...['plan', 'llama-3.1-8b', 'dgx-h100-8', '--seq-length', '4096', '--global-batch', '64'],
      ...['--models', 'reference=llama-3.1-8b:frozen', '--top', '1', '--json'],
    ]);
    expect(code).toBe(0);
    const { plans, problem: told } = JSON.parse(out);
    expect(told.models).toEqual(['reference=llama-3.1-8b:frozen:resident:split:bf16']);
    expect(plans[0].memoryVerdict ?? plans[0].verdict).not.toBe('does-not-fit');
    expect(JSON.stringify(plans[0])).toContain('reference llama-3.1-8b, forward');
  });
});
