import { describe, expect, it } from 'vitest';
import { loadCluster } from '../../../src/catalogue/clusters.ts';
import { ownedBy, ownFrom, powerOf } from '../../../src/cli/own.ts';
import { run, SMALL } from '../../fixtures/run.ts';

const [h100, a100] = loadCluster('mixed-64xh100-64xa100').value.groups;

describe('--own', () => {
  it('has a price of every GPU, and of some by name', () => {
    const own = ownFrom('price=30k,a100=$12,500,years=4,kwh=0.10'.replace('12,500', '12.5k'));
    expect(ownedBy(h100!, own)!.owned).toEqual({
      ...{ dollarsPerGpu: 30_000, years: 4, used: 1, dollarsPerKwh: 0.1 },
    });
    expect(ownedBy(a100!, own)!.owned.dollarsPerGpu).toBe(12_500);
    expect(ownedBy(a100!, ownFrom('h100=30k,years=4,kwh=0.1'))).toBeNull();
    expect(ownedBy(h100!, null)).toBeNull();
  });

  it('has power as usual where it says nothing else, of a GPU at its limit or cap', () => {
    const own = ownFrom('price=30k,years=4,kwh=0.10,pue=1.1,host=60%,used=90%');
    expect(own.terms.used).toBe(0.9);
    expect(powerOf(h100!, own)).toEqual({
      ...{ gpuWatts: 700, source: 'datasheet', hostShare: 0.6, pue: 1.1, assumed: [] },
    });
    expect(powerOf(h100!, null).assumed).toEqual(['host', 'pue']);
    expect(powerOf({ ...h100!, powerCapWatts: 500 }, null)).toMatchObject({ gpuWatts: 500, source: 'cap' });
    expect(powerOf({ ...h100!, powerCapWatts: 900 }, null).gpuWatts).toBe(700);
  });

  it.each([
    ['30k', /KEY=VALUE/],
    ['price=30k,price=20k,years=4,kwh=0.1', /each key once/],
    ['price=30k', /--own without years, kwh/],
    ['years=4,kwh=0.1', /--own without price/],
    ['price=lots,years=4,kwh=0.1', /price is "lots"/],
    ['price=30k,years=0,kwh=0.1', /years is "0"/],
    ['price=30k,years=4,kwh=0.1,pue=0.9', /pue is "0.9"/],
    [
      'price=30k,years=4,kwh=0.1,used=120%',
      /used is "120%"\n.*the share of all hours in which the GPUs work, from 1% to 100%/,
    ],
  ])('"%s" is an error', (text, words) => {
    expect(() => ownFrom(text)).toThrow(words);
  });

  it.each([
    ['b300=30k,years=4,kwh=0.1', [], /--own names "b300", which no cluster has/],
    ['price=30k,years=4,kwh=0.1', ['--price', 'h100=2'], /a price of --price and one of --own/],
  ])('"%s" is refused before a search', async (own, more, words) => {
    const ran = await run(['compare', 'llama-3.2-1b', 'dgx-h100-8', ...SMALL, '--own', own, ...more]);
    expect(ran.code).toBe(2);
    expect(ran.err).toMatch(words);
  });
});

it('list prices are spoken of where some were taken', async () => {
  const compared = async (...more: readonly string[]) =>
    (await run(['compare', 'llama-3.2-1b', 'dgx-h100-8', ...SMALL, ...more])).out.replaceAll(/\s+/g, ' ');
  expect(await compared()).toContain('list prices of the GPU profiles');
  for (const more of [
    ['--own', 'price=30k,years=4,kwh=0.1'],
    ['--price', 'h100=2'],
  ])
    expect(await compared(...more)).not.toContain('list prices');
});

describe('--csv', () => {
  it('prints a head and a line, as they are', async () => {
    const { out } = await run(['compare', 'llama-3.2-1b', 'dgx-h100-8', ...SMALL, '--csv']);
    expect(out).toMatch(/^cluster,gpus,[\w,]+\ndgx-h100-8,8,8,[^\n]+\n$/);
  });
});
