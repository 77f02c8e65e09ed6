import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

describe('own of a cluster file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'own-'));
  const own = 'own: { pricePerGpu: 30000, years: 4, pricePerKwh: 0.1, used: 0.9, hostPower: 0.6, pue: 1.1 }';
  const text = readFileSync('configs/clusters/dgx-h100-8.yaml', 'utf8');
  const owned = join(folder, 'owned.yaml');
  writeFileSync(owned, text.replace(/^( +)(nodes: .*)$/m, `$1$2\n$1${own}`));
  const compared = async (cluster: string, ...more: readonly string[]) => {
    const args = ['compare', 'llama-3.2-1b', cluster, ...SMALL, '--tokens', '1T', '--json', ...more];
    return JSON.parse((await run(args)).out);
  };

  it('is what --own says of it', async () => {
    const flag = '--own=price=30k,years=4,kwh=0.10,pue=1.1,host=60%,used=90%';
    const [ofFile, ofFlag] = [await compared(owned), await compared('dgx-h100-8', flag)];
    expect(ofFile.clusters[0].dollarsPerHour).toBe(ofFlag.clusters[0].dollarsPerHour);
    expect(ofFile.purchase.offers[0].prices[0].owned).toEqual(ofFlag.purchase.offers[0].prices[0].owned);
    expect(ofFile.purchase.offers[0].prices[0].power).toEqual(ofFlag.purchase.offers[0].prices[0].power);
    expect(ofFile.purchase.verdict).toMatch(/^Verdict: buy /);
  });

  it('gives way to --price, by which it is rented, and to --own', async () => {
    const rented = (await compared(owned, '--price', 'h100=2')).purchase.offers[0].prices[0];
    expect(rented).toMatchObject({ dollarsPerGpuHour: 2, source: 'flag' });
    expect(rented.owned).toBeUndefined();
    const other = await compared(owned, '--own', 'price=40k,years=4,kwh=0.1');
    expect(other.purchase.offers[0].prices[0].owned.dollarsPerGpu).toBe(40_000);
  });

  it('is what a token costs in plan, and no other plan', async () => {
    const plan = async (cluster: string, ...more: readonly string[]) => {
      const args = ['plan', 'llama-3.2-1b', cluster, ...SMALL, '--objective', 'tokens-per-dollar', '--json'];
      return JSON.parse((await run([...args, ...more])).out);
    };
    const [free, paid] = [await plan('dgx-h100-8'), await plan(owned)];
    expect(paid.plans[0].configuration).toBe(free.plans[0].configuration);
    expect(paid.inputs.cluster.plannedSha256).toBe(free.inputs.cluster.plannedSha256);
  });

  it('has to be possible, with its line', async () => {
    const odd = join(folder, 'odd.yaml');
    writeFileSync(odd, text.replace(/^( +)(nodes: .*)$/m, `$1$2\n$1${own.replace('years: 4', 'years: 0')}`));
    const { code, err } = await run(['compare', 'llama-3.2-1b', odd, ...SMALL]);
    expect(code).toBe(2);
    expect(err).toMatch(/odd\.yaml:\d+:\d+: years is 0\n.*from 0\.1 to 30/);
  });
});
