import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { violations } from '../../../src/document/validator.ts';
import type { ExpertsDocument } from '../../../src/schema/experts.ts';
import { expertsSchema } from '../../../src/schema/experts.ts';
import { run, SMALL } from '../../fixtures/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'experts-'));

function file(name: string, value: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify({ schema: 'shardwright.routing/1', ...(value as object) }));
  return path;
}

/** Half of all tokens to the first two experts. */
const UNEVEN = file('uneven.json', { loads: [[30, 30, 10, 10, 10, 10, 10, 10]] });
/** Tokens go to 0 and 4, or to 1 and 5. */
const ROUTES = file('routes.json', {
  routes: Array.from({ length: 20 }, (_, t) => [
    t % 2 === 0 ? [0, 4] : [1, 5],
    t % 2 === 0 ? [2, 6] : [3, 7],
  ]),
});

async function answered(...argv: string[]): Promise<ExpertsDocument> {
  const { out, err, code } = await run(['experts', 'mixtral-8x7b', 'dgx-h100-64', ...argv, '--json']);
  expect(`${err}${code}`).toBe('0');
  const document = JSON.parse(out) as ExpertsDocument;
  expect(violations(expertsSchema, document)).toEqual([]);
  return document;
}

describe('experts', () => {
  it('tells how uneven ranks are, and places experts evenly', async () => {
    const one = await answered(UNEVEN, '--ep', '4', '--place', 'balance');
    expect(one.imbalance).toEqual({ expert: 2, rank: 2, placed: 4 / 3 });
    expect(one.proof).toBe('optimal');
    expect(one.placement[0]![0]).not.toBe(one.placement[0]![1]);
    expect(one.seconds.placed).toBeLessThan(one.seconds.expertParallel);
  });

  it('puts experts together that the same tokens go to', async () => {
    const { placement, cost } = await answered(ROUTES, '--ep', '4', '--place', 'fan-out');
    for (const [layer, a, b] of [
      [0, 0, 4],
      [0, 1, 5],
      [1, 2, 6],
      [1, 3, 7],
    ] as const)
      expect(placement[layer]![a]).toBe(placement[layer]![b]);
    expect(cost.placed).toBeLessThan(cost.home);
  });

  it('says what affinity stands on, and prints a table', async () => {
    const { assumptions } = await answered(ROUTES, '--ep', '2', '--place', 'affinity');
    expect(assumptions.join()).toContain('attention sends them home');
    const { out } = await run(['experts', 'mixtral-8x7b', 'dgx-h100-64', UNEVEN, '--ep', '2']);
    expect(out).toMatch(/least-loaded rule/);
    expect(out).toMatch(/hybridep|deepep/);
  });

  it.each([
    [['llama-3.1-8b', UNEVEN], /no experts/],
    [['mixtral-8x7b', UNEVEN, '--ep', '3'], /divisor of the 8/],
    [['mixtral-8x7b', UNEVEN, '--place', 'fanout'], /Maybe "fan-out"/],
    [['mixtral-8x7b', UNEVEN, '--place', 'affinity'], /file of routes/],
    [['mixtral-8x7b', file('few.json', { loads: [[1, 2]] })], /2 loads in layer 0/],
    [['mixtral-8x7b', file('below.json', { loads: [[-1, 1, 1, 1, 1, 1, 1, 1]] })], /none below 0/],
    [['mixtral-8x7b', file('none.json', {})], /neither loads nor routes/],
    [['mixtral-8x7b', file('far.json', { routes: [[[9]]] })], /expert 9/],
    [['mixtral-8x7b', file('short.json', { routes: [[[1], [2]], [[1]]] })], /token 1 has 1 layers/],
  ] as const)('refuses %j', async ([model, ...rest], said) => {
    const { err, code } = await run(['experts', model, 'dgx-h100-64', ...rest]);
    expect(code).toBe(2);
    expect(err).toMatch(said);
  });
});

describe('--routing', () => {
  const estimated = async (...more: string[]) => {
    const config = 'tp=1,pp=2,dp=32,ep=4,micro-batch=1,recompute=full';
    const argv = [
      'estimate',
      'mixtral-8x7b',
      'dgx-h100-64',
      ...SMALL,
      '--stack',
      'megatron-core',
      '--config',
      config,
    ];
    const { out, err } = await run([...argv, ...more, '--json']);
    expect(err).toBe('');
    const read = JSON.parse(out);
    return {
      ...read,
      memory: read.stages[0].peakMemoryBytes as number,
      step: read.stepTimeSeconds as number,
    };
  };

  it('costs time and memory as the busiest rank has more', async () => {
    const runs = [];
    for (const imbalance of ['1', '1.5', '2.5'])
      runs.push(await estimated('--routing', `imbalance=${imbalance}`));
    for (const [i, one] of runs.slice(1).entries()) {
      expect(one.step).toBeGreaterThan(runs[i]!.step);
      expect(one.memory).toBeGreaterThan(runs[i]!.memory);
    }
    expect(runs[1]!.problem.routing).toEqual({ imbalance: 1.5 });
  });

  it('of a trace is that of its ranks, and capacity drops what is too much', async () => {
    const trace = await estimated('--routing', UNEVEN);
    expect(trace.step).toBe((await estimated('--routing', 'imbalance=2')).step);
    const cut = await estimated('--routing', `${UNEVEN},capacity=1`);
    expect(cut.step).toBeLessThan(trace.step);
    const { out } = await run([
      ...['estimate', 'mixtral-8x7b', 'dgx-h100-64', ...SMALL, '--routing', `${UNEVEN},capacity=1`],
      ...['--config', 'tp=1,pp=2,dp=32,ep=4,micro-batch=1'],
    ]);
    // 30 − 15 of each of two, of 120.
    expect(out).toMatch(/25\.0%\s+of\s+the\s+tokens\s+dropped/);
  });

  it('with a capacity is run by Megatron-LM, told by its flag, and refused by others', async () => {
    const argv = ['plan', 'mixtral-8x7b', 'dgx-h100-8', ...SMALL, '--routing', 'capacity=1.25', '--top', '1'];
    const refused = await run([...argv, '--launcher', 'deepspeed']);
    expect(refused.code).toBe(5);
    expect(refused.out).toMatch(/no capacity: DeepSpeed drops/);
    const { out } = await run([...argv, '--launcher', 'megatron', '--json']);
    expect(JSON.parse(out).problem.routing).toEqual({ capacity: 1.25 });
  });

  it.each([
    ['imbalance=0.5', /1 or more/],
    ['imblance=2', /Maybe "imbalance"/],
    ['imbalance=2,imbalance=3', /a file of loads/],
  ])('refuses %s', async (text, said) => {
    const { err, code } = await run([
      ...['estimate', 'mixtral-8x7b', 'dgx-h100-64', ...SMALL, '--config', 'ep=4', '--routing', text],
    ]);
    expect(code).toBe(2);
    expect(err).toMatch(said);
  });
});
