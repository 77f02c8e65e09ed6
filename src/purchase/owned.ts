import { type Power, wattsOf } from './power.ts';

/** GPUs that are bought. */
export interface Owned {
  /** US dollars for one GPU, with its share of host and network. */
  readonly dollarsPerGpu: number;
  /** Over which that is written off. */
  readonly years: number;
  /** Share of their hours in which the GPUs work for somebody: the others are paid for by those. */
  readonly used: number;
  readonly dollarsPerKwh: number;
}

/** US dollars of a GPU-hour. */
export interface OwnedHour {
  readonly capital: number;
  readonly energy: number;
}

/** 365.25 days. */
const HOURS_PER_YEAR = 8766;

/** Nothing is left of the price after its years; idle hours cost no energy. */
export function ownedHour({ dollarsPerGpu, years, used, dollarsPerKwh }: Owned, power: Power): OwnedHour {
  return {
    capital: dollarsPerGpu / (years * HOURS_PER_YEAR * used),
    energy: (wattsOf(power) / 1000) * dollarsPerKwh,
  };
}
