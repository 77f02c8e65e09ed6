import { megawattHours } from './power.ts';

/** What training on so many tokens takes on one cluster, paid for as long. */
export interface Bill {
  readonly seconds: number;
  /** US dollars; null where a price is missing. */
  readonly dollars: number | null;
  readonly dollarsPerBillionTokens: number | null;
  readonly megawattHours: number;
}

/** Of all GPUs that are paid for. */
interface Running {
  readonly dollarsPerHour: number | null;
  /** At the meter. */
  readonly watts: number;
}

const HOUR = 3600;

/** `tokensPerSecond` in the long run, where failures are known. */
export function billOf(tokens: number, tokensPerSecond: number, { dollarsPerHour, watts }: Running): Bill {
  const seconds = tokens / tokensPerSecond;
  const dollars = dollarsPerHour === null ? null : (seconds / HOUR) * dollarsPerHour;
  return {
    seconds,
    dollars,
    dollarsPerBillionTokens: dollars === null ? null : dollars / (tokens / 1e9),
    megawattHours: megawattHours(watts, seconds),
  };
}
