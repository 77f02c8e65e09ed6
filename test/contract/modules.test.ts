import { describe, expect, it } from 'vitest';
import { listModels } from '../../src/catalogue/models.ts';
import { loadStack } from '../../src/catalogue/stacks.ts';
import { violations } from '../../src/document/validator.ts';
import { InputError } from '../../src/domain/input-error.ts';
import type { ParallelDims } from '../../src/domain/parallel-dims.ts';
import type { Plan } from '../../src/domain/plan.ts';
import type { Problem } from '../../src/domain/problem.ts';
import { estimate } from '../../src/evaluate/estimate.ts';
import { json } from '../../src/frameworks/describers/json.ts';
import { LAUNCHERS } from '../../src/frameworks/index.ts';
import { planLaw } from '../../src/laws/plan.ts';
import { FEED_FORWARDS } from '../../src/layers/ffn/index.ts';
import { moduleOf } from '../../src/layers/layer.ts';
import { MIXERS } from '../../src/layers/mixers/index.ts';
import { countParameters } from '../../src/layers/parameters.ts';
import { WHOLE_LAYERS } from '../../src/layers/whole/index.ts';
import { OPTIMIZERS } from '../../src/optimizers/index.ts';
import { parseConfiguration } from '../../src/plan-text/configuration.ts';
import { planOf } from '../../src/plan-text/plan-of.ts';
import { planText } from '../../src/plan-text/text.ts';
import { estimateTable } from '../../src/reporters/estimate-table.ts';
import { SCHEDULES, usualSchedule } from '../../src/schedules/index.ts';
import { launchSchema } from '../../src/schema/launch.ts';
import { search } from '../../src/search/search.ts';
import { TECHNIQUES } from '../../src/techniques/index.ts';
import { Misread } from '../../src/techniques/misread.ts';
import { problem } from '../fixtures/problem.ts';
import { run, SMALL } from '../fixtures/run.ts';
import { ORIGIN, planned } from '../unit/frameworks/fixture.ts';

const DENSE = problem('llama-3.1-8b', 'dgx-h100-64');
const DIMS: ParallelDims = { tp: 2, cp: 1, pp: 4, dpReplicate: 1, dpShard: 8, ep: 1, etp: 1, vpp: 1 };
const SPLIT = 'tp=2,pp=4,dp=8,micro-batch=1';
/** One micro-batch a step, and no pipeline. */
const AT_ONCE = 'tp=2,pp=1,dp=32,micro-batch=2';
/** For values that have no place under tensor parallelism, or without context parallelism. */
const WHOLE = 'tp=1,pp=4,dp=16,micro-batch=1';
/** For what has all GPUs share one host. */
const ONE_HOST = 'tp=1,pp=1,dp=8,micro-batch=1';
/** For what pipelines that train apart have. */
const ISLANDS = 'pipelines=32@h100:16x2:2+32@h100:16x2:2,micro-batch=1';
const CONTEXT = ['tp=1,pp=1,cp=8,dp=8,micro-batch=1', 'tp=1,pp=1,cp=32,dp=2,micro-batch=1'] as const;

type AnyTechnique = (typeof TECHNIQUES)[number];

/** Values that a module itself names: off, usual, what a search tries, what its schema lists. */
function valuesOf({ off, usual, choices, schema, limit, resolve }: AnyTechnique): unknown[] {
  const listed = (schema as { enum?: readonly unknown[] }).enum ?? [];
  const tried = choices?.(DENSE, DIMS) ?? [];
  const some = tried.flatMap((value) => limit?.with(value, 2) ?? []);
  const all = [off, ...(usual === undefined ? [] : [usual(DENSE, DIMS)]), ...listed, ...tried, ...some];
  // What the stack has by itself is another word for it.
  const resolved = all.map((value) => resolve?.(value, DENSE, DIMS) ?? value);
  return [...new Map(resolved.map((value) => [JSON.stringify(value), value])).values()];
}

const VALUES = TECHNIQUES.flatMap((one) =>
  valuesOf(one).map((value) => ({ name: `${one.id}=${one.format(value)}`, one, value })),
);

const FP8: Problem = { ...DENSE, workload: { ...DENSE.workload, precision: 'fp8' } };
/** Experts, dealt over more than a host. */
const EXPERTS = problem('qwen3-30b-a3b', 'dgx-h100-64', {}, 'generic');
const ACROSS_HOSTS = 'tp=1,pp=1,dp=64,ep=32,micro-batch=1,zero=1,recompute=full';
/** Kernels of torch.compile. */
const COMPILED: Problem = { ...DENSE, stack: loadStack('torch-fsdp2-compiled') };

/** The first problem and split with which a value is lawful. */
function placeFor(one: AnyTechnique, value: unknown): { on: Problem; plan: Plan } {
  const set = `${one.id}=${one.format(value)}`;
  const { techniques } = parseConfiguration(set);
  for (const [on, split] of [
    [DENSE, SPLIT],
    [DENSE, AT_ONCE],
    [FP8, SPLIT],
    [COMPILED, SPLIT],
    [DENSE, WHOLE],
    [DENSE, ONE_HOST],
    [DENSE, ISLANDS],
    [EXPERTS, ACROSS_HOSTS],
    ...CONTEXT.map((split) => [DENSE, split] as const),
  ] as const) {
    const plain = planned(on, split);
    const plan = { ...plain, techniques: { ...plain.techniques, ...techniques } };
    if (planLaw(on, plan) === null) return { on, plan: planned(on, `${split},${set}`) };
  }
  throw new Error(`${set} is lawful nowhere`);
}

function finite(on: Problem, plan: Plan) {
  const { stepSeconds, stages } = estimate(on, plan);
  expect(stepSeconds).toBeGreaterThan(0);
  expect(stepSeconds).toBeLessThan(1e6);
  for (const { memory } of stages) expect(memory.deviceBytes).toBeGreaterThan(2 ** 30);
}

describe('every value of every technique', () => {
  it('has more than one value', () => {
    for (const one of TECHNIQUES) expect(valuesOf(one).length, one.id).toBeGreaterThan(1);
  });

  it.each(VALUES)('$name is typed as it is printed', ({ one, value }) => {
    const text = one.format(value);
    const read = one.parse(text);
    expect(read).not.toBeInstanceOf(Misread);
    expect(one.resolve?.(read, DENSE, DIMS) ?? read).toEqual(value);
    for (const key of [one.id, ...one.aliases])
      expect(parseConfiguration(`${key}=${text}`).techniques[one.id], key).toEqual(read);
    expect(one.words(value).length).toBeGreaterThan(0);
  });

  it.each(VALUES)('$name is planned, timed, told and read back', ({ one, value }) => {
    const { on, plan } = placeFor(one, value);
    expect(one.of(plan.techniques)).toEqual(value);
    finite(on, plan);
    expect(planned(on, planText(on, plan))).toEqual(plan);
    const table = estimateTable(
      on,
      plan,
      estimate(on, plan),
      { inferred: [] },
      { columns: 120, color: false },
      true,
    );
    expect(table).toContain(on.model.name);
    const [file] = json.render(on, plan, ORIGIN);
    expect(violations(launchSchema, JSON.parse(file!.content))).toEqual([]);
  });

  it.each(VALUES)('$name is run or refused by name by each framework', ({ one, value }) => {
    const { on, plan } = placeFor(one, value);
    const off = JSON.stringify(value) === JSON.stringify(one.off);
    for (const framework of LAUNCHERS) {
      const reason = framework.reject(on, plan);
      const said = framework.express.techniques.includes(one.id);
      if (!off && !said) expect(reason, `${framework.id} has no ${one.id}`).not.toBeNull();
      if (reason === null) {
        const files = framework.render(on, plan, ORIGIN);
        expect(files.length, framework.id).toBeGreaterThan(0);
        const without = { ...plan, techniques: one.set(plan.techniques, one.off) };
        if (!off && framework.reject(on, without) === null)
          expect(framework.render(on, without, ORIGIN), `${framework.id} says it`).not.toEqual(files);
      } else expect(reason.rule.length * reason.limit.length, framework.id).toBeGreaterThan(0);
    }
  });

  it.each(VALUES)('$name is held by a search, or a rule says why not', ({ one, value }) => {
    const counts = { tp: 2, pp: 4, cp: 1, 'micro-batch': 1 };
    const { plans, certificate } = search(DENSE, {
      fix: { counts, techniques: { [one.id]: value } },
      top: 2,
    });
    for (const { plan } of plans) {
      expect(one.of(plan.techniques)).toEqual(value);
      expect(planLaw(DENSE, plan)).toBeNull();
    }
    if (plans.length === 0) expect(certificate.space === 0 || certificate.rejected.length > 0).toBe(true);
  });
});

/** What stands where a number should, and whether it is ever one: a count, a degree, a layer, a fraction. */
const EDGES: readonly (readonly [text: string, mayBe: boolean])[] = [
  ['0', true],
  ['1', true],
  ['0.5', true],
  ['-1', false],
  ['-0.5', false],
  ['1.5', false],
  ['999999', false],
  ['1e400', false],
  ['NaN', false],
  ['Infinity', false],
  ['two', false],
  ['', false],
  [' ', false],
];

/** Texts at the edges of what a technique reads: the edge alone, and in the place of each number that its own values have. */
function edgesOf(one: AnyTechnique): { name: string; id: string; text: string; mayBe: boolean }[] {
  const texts = valuesOf(one).map((value) => one.format(value));
  const more: Readonly<Record<string, readonly string[]>> = {
    recompute: ['full:4', 'full:50%'],
    'offload-parameters': ['host:4', 'nvme:4'],
    'offload-optimizer': ['0.5:stride4', '1:nvme'],
  };
  const all = [...texts, ...(more[one.id] ?? [])].filter((text) => /\d/.test(text));
  const found = EDGES.flatMap(([edge, mayBe]) =>
    [
      edge,
      ...all.flatMap((text) =>
        placesOf(text).map(([from, to]) => text.slice(0, from) + edge + text.slice(to)),
      ),
    ].map((text) => [text, { name: `${one.id}="${text}"`, id: one.id, text, mayBe }] as const),
  );
  return [...new Map(found).values()];
}

/** Where a text has numbers of its own: not those in a name, such as `a2a+p2p`. */
function placesOf(text: string): (readonly [from: number, to: number])[] {
  return [...text.matchAll(/(?<![a-z\d.])\d+(?:\.\d+)?|(?<=stride)\d+/g)].map(
    ({ index, 0: number }) => [index, index + number.length] as const,
  );
}

describe('the text of every technique at its edges', () => {
  it.each(TECHNIQUES.flatMap(edgesOf))(
    '$name is a plan, or refused with what was expected',
    ({ id, text, mayBe }) => {
      const outcomes = [SPLIT, AT_ONCE, WHOLE, ...CONTEXT].map((split) => outcome(`${split},${id}=${text}`));
      for (const one of outcomes) {
        if (one.kind === 'refused') expect(one.limit).not.toMatch(/^$|NaN|undefined|Infinity/);
        else {
          const [file] = json.render(DENSE, one.plan, ORIGIN);
          expect(violations(launchSchema, JSON.parse(file!.content))).toEqual([]);
          expect(planned(DENSE, planText(DENSE, one.plan))).toEqual(one.plan);
          finite(DENSE, one.plan);
        }
      }
      if (!mayBe) expect(outcomes.map(({ kind }) => kind)).not.toContain('planned');
    },
  );

  type Outcome = { kind: 'planned'; plan: Plan } | { kind: 'refused'; limit: string };

  function outcome(text: string): Outcome {
    try {
      const found = planOf(DENSE, parseConfiguration(text));
      return 'rule' in found
        ? { kind: 'refused', limit: found.limit }
        : { kind: 'planned', plan: found.plan };
    } catch (error) {
      if (error instanceof InputError) return { kind: 'refused', limit: error.problem.expected ?? '' };
      throw error;
    }
  }
});

describe('every schedule', () => {
  it.each(SCHEDULES)('$id is planned, timed, told and read back', ({ id, chunks }) => {
    const vpp = chunks === 'one' ? 1 : 2;
    const plan = planned(DENSE, `${SPLIT},vpp=${vpp},schedule=${id}`);
    expect(plan.schedule).toBe(id);
    finite(DENSE, plan);
    expect(planned(DENSE, planText(DENSE, plan))).toEqual(plan);
    for (const framework of LAUNCHERS) {
      const reason = framework.reject(DENSE, plan);
      if (reason !== null) expect(reason.rule.length, framework.id).toBeGreaterThan(2);
      const usual = { ...plan, schedule: usualSchedule(vpp).id };
      if (reason === null && usual.schedule !== id && framework.reject(DENSE, usual) === null)
        expect(framework.render(DENSE, usual, ORIGIN), `${framework.id} says it`).not.toEqual(
          framework.render(DENSE, plan, ORIGIN),
        );
    }
  });

  it.each(SCHEDULES)('$id is held by a search, or a rule says why not', ({ id, chunks }) => {
    const fix = { counts: { tp: 2, pp: 4, cp: 1, 'micro-batch': 1 }, schedule: id, techniques: {} };
    const { plans, certificate } = search(DENSE, { fix, top: 1 });
    for (const { plan } of plans) {
      expect(plan.schedule).toBe(id);
      if (chunks === 'one') expect(plan.dims.vpp).toBe(1);
    }
    if (plans.length === 0) expect(certificate.rejected.length).toBeGreaterThan(0);
  });
});

describe('every optimizer', () => {
  it.each(OPTIMIZERS)('$id is chosen by its name, and costs memory and time', async ({ id }) => {
    const { code, out } = await run([
      ...['estimate', 'llama-3.1-8b', 'dgx-h100-8', ...SMALL, '--config', 'tp=2,dp=4', '--json'],
      ...['--optimizer', id],
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(out).problem.optimizer).toBe(id);
    finite({ ...DENSE, workload: { ...DENSE.workload, optimizer: id } }, planned(DENSE, SPLIT));
  });

  it('none that is not there', async () => {
    const { code, err } = await run([
      ...['plan', 'llama-3.1-8b', 'dgx-h100-8', ...SMALL, '--optimizer', 'adamv'],
    ]);
    expect(code).toBe(2);
    expect(err).toContain('adamw');
  });
});

describe('every kind of layer part', () => {
  const parts = listModels().flatMap((name) => {
    const on = problem(name, 'h800-2048');
    return on.model.kinds.flatMap(({ mixer, ffn }) =>
      [mixer, ffn].flatMap((part) => (part === null ? [] : [{ name, part, on }])),
    );
  });

  it.each([...MIXERS, ...FEED_FORWARDS, ...WHOLE_LAYERS])(
    '$kind is part of a preset, and described',
    ({ kind }) => {
      const uses = parts.filter(({ part }) => part.kind === kind);
      expect(uses.length).toBeGreaterThan(0);
      const { part, on } = uses[0]!;
      expect(moduleOf(part).describe(part).length).toBeGreaterThan(3);
      expect(countParameters(on.model).total).toBeGreaterThan(1e8);
    },
  );

  it.each([...MIXERS, ...FEED_FORWARDS, ...WHOLE_LAYERS])('$kind is counted, timed and held', ({ kind }) => {
    const { part, on } = parts.find((one) => one.part.kind === kind)!;
    // The model with layers of that part alone.
    const at = on.model.kinds.findIndex(({ mixer, ffn }) => mixer === part || ffn === part);
    const model = { ...on.model, mtpLayers: 0, layers: on.model.layers.slice(0, 16).map(() => at) };
    const alone = { ...on, model };
    finite(alone, planned(alone, 'tp=1,pp=1,dp=64,micro-batch=1'));
  });
});
