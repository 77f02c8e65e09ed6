import type { NodeGroup } from '../domain/cluster.ts';
import { InputError } from '../domain/input-error.ts';
import { type Owned, ownedHour } from '../purchase/owned.ts';
import { type Power, USUAL_HOST_SHARE, USUAL_PUE } from '../purchase/power.ts';
import type { GroupPrice } from '../reporters/compared.ts';
import { parseQuantity } from '../units/parse.ts';
import { scaled } from './asked-bill.ts';
import { nameFor } from './prices.ts';

/** What --own says: prices of GPUs, and how they are paid off and powered. */
export interface Own {
  /** US dollars of one GPU, by GPU or group; `price`: of all others. */
  readonly prices: ReadonlyMap<string, number>;
  readonly terms: Omit<Owned, 'dollarsPerGpu'>;
  readonly power: Partial<Pick<Power, 'hostShare' | 'pue'>>;
}

const EXAMPLE = 'Maybe --own price=30k,years=4,kwh=0.10.';
/** What each term is. */
const MEANT: Readonly<Record<string, string>> = {
  years: 'years to write the GPUs off',
  kwh: 'dollars per kWh',
  pue: 'power of the site over that of its machines',
  host: 'power of hosts over that of their GPUs',
  used: 'the share of all hours in which the GPUs work',
};
/** The price of every GPU that has none by name. */
const EVERY = 'price';

/** `price=30k,years=4,kwh=0.10,pue=1.3,host=60%,used=90%`, or prices by name: `h100=30k,a100=12k,…`. Throws InputError. */
export function ownFrom(text: string): Own {
  const said = new Map<string, string>();
  for (const part of text.split(',').map((one) => one.trim())) {
    const [, key, value] = /^([A-Za-z0-9._-]+)=(\S+)$/.exec(part) ?? [];
    if (key === undefined || value === undefined || said.has(key))
      throw new InputError({
        message: `--own: "${part}"`,
        expected: 'KEY=VALUE, each key once',
        hint: EXAMPLE,
      });
    said.set(key, value);
  }
  const number = (key: string, least: number, most: number, unit: (text: string) => number) => {
    const told = (bound: number) => (unit === shareOf ? `${100 * bound}%` : `${bound}`);
    const value = said.get(key);
    said.delete(key);
    if (value === undefined) return undefined;
    const read = unit(value);
    if (read >= least && read <= most) return read;
    throw new InputError({
      message: `--own: ${key} is "${value}"`,
      expected: `${MEANT[key]}, from ${told(least)} to ${told(most)}`,
    });
  };
  const [years, kwh] = [number('years', 0.1, 30, scaledOf), number('kwh', 0, 10, scaledOf)];
  const power = {
    ...named('pue', number('pue', 1, 5, scaledOf)),
    ...named('hostShare', number('host', 0, 5, shareOf)),
  };
  const used = number('used', 0.01, 1, shareOf) ?? 1;
  const prices = new Map([...said].map(([key, value]) => [key, priceFrom(key, value)]));
  const missing = [
    ...(prices.size === 0 ? ['price'] : []),
    ...(years === undefined ? ['years'] : []),
    ...(kwh === undefined ? ['kwh'] : []),
  ];
  if (years === undefined || kwh === undefined || prices.size === 0)
    throw new InputError({
      message: `--own without ${missing.join(', ')}`,
      expected:
        'dollars of a GPU with its share of host and network, years to write them off, dollars per kWh',
      hint: EXAMPLE,
    });
  return { prices, terms: { years, used, dollarsPerKwh: kwh }, power };
}

/** What of --own holds for a group: by name first; null: nothing. */
export function ownedBy(
  group: NodeGroup,
  own: Own | null,
): { readonly name: string; readonly owned: Owned } | null {
  if (own === null) return null;
  const name = nameFor(group, own.prices.keys()) ?? (own.prices.has(EVERY) ? EVERY : undefined);
  return name === undefined ? null : { name, owned: { ...own.terms, dollarsPerGpu: own.prices.get(name)! } };
}

/** How a group is owned: as --own says, else as the cluster file does where no price of --price is for it; null: it is rented. */
export function ownershipOf(group: NodeGroup, own: Own | null, source: GroupPrice['source']): Owned | null {
  const flag = ownedBy(group, own)?.owned;
  if (flag !== undefined) return flag;
  if (group.owned === undefined || source === 'flag') return null;
  const { dollarsPerGpu, years, used, dollarsPerKwh } = group.owned;
  return { dollarsPerGpu, years, used, dollarsPerKwh };
}

/** Dollars of a GPU-hour of a group that is owned. */
export function ownDollars(group: NodeGroup, owned: Owned, own: Own | null): number {
  const { capital, energy } = ownedHour(owned, powerOf(group, own));
  return capital + energy;
}

/** Names that have to be of some cluster. */
export function ownNames({ prices }: Own): Map<string, number> {
  return new Map([...prices].filter(([name]) => name !== EVERY));
}

/** What a GPU of a group draws, where nobody says otherwise as usual. */
export function powerOf({ gpu, powerCapWatts, owned }: NodeGroup, own: Own | null): Power {
  const { hostShare = owned?.hostShare, pue = owned?.pue } = own?.power ?? {};
  const capped = powerCapWatts !== null && powerCapWatts < gpu.powerWatts;
  return {
    gpuWatts: capped ? powerCapWatts : gpu.powerWatts,
    source: capped ? 'cap' : 'datasheet',
    hostShare: hostShare ?? USUAL_HOST_SHARE,
    pue: pue ?? USUAL_PUE,
    assumed: [
      ...(hostShare === undefined ? (['host'] as const) : []),
      ...(pue === undefined ? (['pue'] as const) : []),
    ],
  };
}

function named<K extends string>(key: K, value: number | undefined): Partial<Record<K, number>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, number>);
}

function scaledOf(text: string): number {
  return scaled(/^\$?([\d.e]+)\s*([kKmM]?)$/.exec(text));
}

function shareOf(text: string): number {
  const share = parseQuantity(text, 'share');
  return share.ok ? share.value : Number.NaN;
}

function priceFrom(key: string, text: string): number {
  const dollars = scaledOf(text);
  if (dollars >= 0 && dollars <= 1e7) return dollars;
  throw new InputError({
    message: `--own: ${key} is "${text}"`,
    expected: 'US dollars of one GPU with its share of host and network, such as 30k',
  });
}
