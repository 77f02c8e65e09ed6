import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/domain/input-error.ts';
import type { Plan } from '../../src/domain/plan.ts';
import type { Problem } from '../../src/domain/problem.ts';
import { estimate } from '../../src/evaluate/estimate.ts';
import { LAUNCHERS } from '../../src/frameworks/index.ts';
import type { Framework } from '../../src/frameworks/port/framework.ts';
import { OPTIMIZERS } from '../../src/optimizers/index.ts';
import {
  type ChosenOptimizer,
  optimizerText,
  optimizerWords,
  parseOptimizer,
} from '../../src/plan-text/optimizer-text.ts';
import { problem } from '../fixtures/problem.ts';
import { sourceOf } from '../fixtures/source.ts';
import { ORIGIN, planned } from '../unit/frameworks/fixture.ts';

/** Every optimizer, and each with every value of every option that is not as usual. */
const TEXTS = OPTIMIZERS.flatMap(({ id, options }) => [
  id,
  ...Object.entries(options).flatMap(([key, { values, usual, pair }]) => [
    ...values.filter((value) => value !== usual).map((value) => `${id},${key}=${value}`),
    ...(pair === true ? [`${id},${key}=${values[0]}/${values.at(-1)}`] : []),
  ]),
]);

/** Where a framework runs AdamW. */
const SPLITS = [
  'tp=2,pp=2,dp=16,micro-batch=1,zero=1',
  'tp=1,pp=1,dp=64,micro-batch=1,zero=1',
  'tp=1,pp=1,dp=64,micro-batch=1,zero=2',
  'tp=1,pp=1,dp=64,micro-batch=1,zero=3',
  'tp=1,pp=2,dp=32,micro-batch=1,zero=0',
  'tp=2,pp=2,dp=16,micro-batch=1,zero=0',
];

const on = (text: string, stack: string, cluster = 'dgx-h100-64'): Problem =>
  problem('llama-3.1-8b', cluster, parseOptimizer(text) as ChosenOptimizer, stack);

const clusterOf = ({ id }: Framework) => (id === 'primus' ? 'mi300x-64' : 'dgx-h100-64');

/** A plan that a framework runs with this optimizer; null: it refuses all of them. */
function runs(framework: Framework, text: string): { at: Problem; plan: Plan } | null {
  const at = on(text, framework.stack, clusterOf(framework));
  for (const split of SPLITS) {
    const plan = planned(at, split);
    if (framework.reject(at, plan) === null) return { at, plan };
  }
  return null;
}

describe('every optimizer with every option', () => {
  it.each(TEXTS)('%s is typed as it is told, and costs memory and time', (text) => {
    const chosen = parseOptimizer(text) as ChosenOptimizer;
    expect(optimizerText(chosen)).toBe(text);
    expect(text === 'adamw' || (optimizerWords(chosen) ?? '').length > 2).toBe(true);
    const at = on(text, 'generic');
    const { time, stages } = estimate(at, planned(at, SPLITS[0]!));
    expect(time.optimizer).toBeGreaterThan(0);
    expect(stages[0]!.memory.allocated['optimizer states']).toBeGreaterThan(0);
  });

  it('has a meaning for each option', () => {
    for (const { options } of OPTIMIZERS)
      for (const { meaning, values } of Object.values(options)) {
        expect(meaning.length).toBeGreaterThan(5);
        expect(values.length).toBeGreaterThan(1);
      }
  });
});

describe.each(LAUNCHERS)('$id', (framework) => {
  const { express, reader, id } = framework;
  const plain = runs(framework, 'adamw');

  it.each(TEXTS)('says %s and reads it back, or refuses it by name', (text) => {
    const found = runs(framework, text);
    const [named = '', option] = text.split(',');
    if (found === null) {
      if (plain === null) return;
      const at = on(text, framework.stack, clusterOf(framework));
      const reason = framework.reject(at, planned(at, SPLITS[0]!)) ?? framework.excludes?.(at);
      const reasons = SPLITS.map((split) => framework.reject(at, planned(at, split)));
      expect(reason ?? reasons[0]).not.toBeNull();
      expect(
        reasons.some((one) => /^optimizer/.test(one?.rule ?? '') && one!.actual.includes(named)),
        `${id} names ${text}`,
      ).toBe(true);
      return;
    }
    expect(express.optimizers[named], `${id} lists ${named}`).toBeDefined();
    const files = framework.render(found.at, found.plan, ORIGIN);
    const own = files.find(({ path }) => path === reader?.file);
    if (reader === undefined || own === undefined) {
      if (text !== 'adamw' && option !== undefined)
        expect(files.map(({ content }) => content).join()).toContain(text);
      return;
    }
    const read = reader.read(
      sourceOf(own.content, own.path, Object.fromEntries(files.map(({ path, content }) => [path, content]))),
    );
    expect(read.violations(64)).toEqual([]);
    const { optimizer = 'adamw' } = read.asked();
    const again = parseOptimizer(optimizer) as ChosenOptimizer;
    const same = (one: Problem) => estimate(one, found.plan);
    const { optimizer: _, optimizerOptions: __, ...others } = found.at.workload;
    const readAt: Problem = { ...found.at, workload: { ...others, ...again } };
    expect(same(readAt), `${optimizer} for ${text}`).toEqual(same(found.at));
  });
});

describe('what is no optimizer', () => {
  it.each([
    ['muonn', 'Maybe "muon".'],
    ['adamw,moment=bf16', 'Maybe "moments".'],
    ['adamw,moments=bf61', 'Maybe "bf16".'],
  ])('%s has a hint', (text, hint) => {
    const wrong = parseOptimizer(text);
    expect(wrong).toMatchObject({ hint });
  });

  it.each([
    'adamw,moments=bf16/fp8/fp8',
    'adamw,master=fp16,master=none',
    'lion,master',
    'muon,rest=lion/adamw',
  ])('%s is refused', (text) => expect(parseOptimizer(text)).toHaveProperty('expected'));

  it.each([
    ['megatron', '--num-layers 32 --optimizer adaptive_muon'],
    [
      'deepspeed',
      '{"train_batch_size": 8, "train_micro_batch_size_per_gpu": 1, "optimizer": {"type": "Shampoo"}}',
    ],
    ['nanotron', 'parallelism: {dp: 1, pp: 1, tp: 1}\noptimizer: {optimizer_factory: {name: lion}}\n'],
    ['torchtitan', 'c.parallelism.tensor_parallel_degree = 8\nc.optimizer.name = "Lion"\n'],
  ])('%s names one that nothing comes near', (id, text) => {
    const { reader } = LAUNCHERS.find((one) => one.id === id)!;
    expect(() => reader!.read(sourceOf(text, 'f')).asked()).toThrow(InputError);
  });
});
