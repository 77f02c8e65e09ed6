import { type Power, wattsOf } from '../purchase/power.ts';
import { digits, formatInteger, formatPercent } from '../units/format.ts';
import type { Compared, GroupPrice } from './compared.ts';
import { money } from './money.ts';

const SOURCES = { flag: '--price', cluster: 'cluster file', list: 'list price', own: '--own' } as const;

/** `64 × h100-sxm at $3.50 a GPU-hour (list price)`; of GPUs that are bought what their hour is made of. */
export function priceWords(price: GroupPrice): string {
  const { gpus, gpuType, dollarsPerGpuHour: dollars, source, owned, power } = price;
  const what = `${formatInteger(gpus)} × ${gpuType}`;
  if (dollars === null) return `${what} without a price`;
  if (owned === undefined) return `${what} at ${cents(dollars)} a GPU-hour (${SOURCES[source]})`;
  const { rentedDollarsPerGpuHour: rented, used } = owned;
  const share = used < 1 ? `, ${formatPercent(used)} of its hours used` : '';
  const parts = [
    `${cents(owned.capital)} of ${money(owned.dollarsPerGpu)} over ${owned.years} years${share}`,
    `${cents(owned.energy)} of ${digits(wattsOf(power) / 1000)} kW at $${owned.dollarsPerKwh} a kWh`,
  ].join(' and ');
  const other = rented === null ? '' : `; rented it would be ${cents(rented)}`;
  return `${what} owned, ${money(gpus * owned.dollarsPerGpu)} to buy, at ${cents(dollars)} a GPU-hour (${parts}${other})`;
}

function cents(dollars: number): string {
  return `$${dollars.toFixed(2)}`;
}

/** What energy rests on, a line for each way of reckoning it. */
export function powerNotes(all: readonly Compared[]): string[] {
  const powers = all.flatMap(({ prices }) => prices.map(({ gpuType, power }) => ({ gpuType, power })));
  const how = [...new Set(powers.map(({ power }) => siteWords(power)))];
  const watts = [
    ...new Set(
      powers.map(
        ({ gpuType, power: { gpuWatts, source } }) =>
          `${gpuType} ${formatInteger(gpuWatts)} W (${source === 'cap' ? "the cluster file's cap" : 'data sheet'})`,
      ),
    ),
  ];
  return [
    `Energy: all GPUs of a cluster at their power limit, ${watts.join(', ')}; ${how.join('; ')}. Training stays near the limit, so it is an upper figure.`,
  ];
}

function siteWords({ hostShare, pue, assumed }: Power): string {
  const host = assumed.includes('host') ? ' (assumed: as a DGX H100 is rated)' : '';
  const site = assumed.includes('pue') ? ' (assumed: the average site of 2024)' : '';
  return `${formatPercent(hostShare)} more for hosts${host}, PUE ${digits(pue)}${site}`;
}
