/** What training on so many tokens takes on one cluster, rented for as long. */
export interface Bill {
  readonly seconds: number;
  /** US dollars; null where a price is missing. */
  readonly dollars: number | null;
  readonly dollarsPerBillionTokens: number | null;
}

const HOUR = 3600;

/** `tokensPerSecond` in the long run, where failures are known; `dollarsPerHour` of all GPUs that are paid for. */
export function billOf(tokens: number, tokensPerSecond: number, dollarsPerHour: number | null): Bill {
  const seconds = tokens / tokensPerSecond;
  const dollars = dollarsPerHour === null ? null : (seconds / HOUR) * dollarsPerHour;
  return { seconds, dollars, dollarsPerBillionTokens: dollars === null ? null : dollars / (tokens / 1e9) };
}
