import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { violations } from '../../../src/document/validator.ts';
import { SCHEMAS } from '../../../src/schema/index.ts';
import { run, SMALL } from '../../fixtures/run.ts';

const COMPARE = ['compare', 'llama-3.2-1b', 'dgx-h100-64', ...SMALL];
const asked = async (...more: readonly string[]) => {
  const document = JSON.parse((await run([...COMPARE, ...more, '--json'])).out);
  expect(violations(SCHEMAS.compare!, document)).toEqual([]);
  return document.clusters[0];
};

describe('compare --top', () => {
  it('has the next best plans of each cluster, as plan ranks them', async () => {
    const { best, others } = await asked('--top', '3');
    const plan = ['plan', ...COMPARE.slice(1), '--top', '3', '--json', '--no-cache'];
    const { plans } = JSON.parse((await run(plan)).out);
    expect([best, ...others].map(({ configuration }) => configuration)).toEqual(
      plans.map(({ configuration }: { configuration: string }) => configuration),
    );
    const { out } = await run([...COMPARE, '--top', '3']);
    expect(out).toMatch(/^other plans +# +step/m);
    expect(out).toMatch(/^dgx-h100-64 +3=? /m);
  });

  it('has a line for each plan beside --csv', async () => {
    const [head, ...lines] = (await run([...COMPARE, '--top', '2', '--csv'])).out.trim().split('\n');
    expect(head!.split(',').at(-1)).toBe('rank');
    expect(lines.map((line) => line.split(',').at(-1))).toEqual(['1', '2']);
    expect((await run([...COMPARE, '--top', '0'])).code).toBe(2);
  });
});

describe('compare --objective', () => {
  it('tokens-per-dollar pays for GPUs in use alone, and takes the soonest of plans that cost as much', async () => {
    const [byTime, byDollars] = [await asked(), await asked('--objective', 'tokens-per-dollar')];
    const gpus = byDollars.best.stages.reduce(
      (sum: number, { devices }: { devices: number }) => sum + devices,
      0,
    );
    expect(byDollars.dollarsPerHour).toBeCloseTo((gpus / 64) * byTime.dollarsPerHour, 9);
    expect(byDollars.dollarsPerMillionTokens).toBeLessThanOrEqual(byTime.dollarsPerMillionTokens * 1.05);
    const cheapest = ['plan', ...COMPARE.slice(1), '--objective', 'tokens-per-dollar', '--rank', 'fastest'];
    const { plans } = JSON.parse((await run([...cheapest, '--json', '--no-cache'])).out);
    expect(byDollars.best.stepTimeSeconds).toBeLessThanOrEqual(plans[0].stepTimeSeconds);
    const { out } = await run([...COMPARE, '--objective', 'tokens-per-dollar']);
    expect(out.replaceAll(/\s+/g, ' ')).toContain('Only GPUs in use are paid for');
  });

  it('of a word that is none, or without a price, is an error', async () => {
    expect((await run([...COMPARE, '--objective', 'cost'])).err).toMatch(/Maybe "tokens-per-dollar"/);
  });
});

it('the page of compare has the other plans, and what each node group brings', async () => {
  const page = join(mkdtempSync(join(tmpdir(), 'compare-')), 'page.html');
  const mixed = ['compare', 'llama-3.2-1b', 'mixed-4090-3090', ...SMALL, '--top', '2', '--report', page];
  expect((await run(mixed)).code).toBe(0);
  const html = readFileSync(page, 'utf8');
  expect(html).toContain('Other plans');
  expect(html).toContain('What each node group brings');
});
