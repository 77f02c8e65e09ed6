/** Hosts that stand by, and how long one that failed is away. Seconds. */
export interface Spares {
  readonly hosts: number;
  readonly repairSeconds: number;
}

/** How often a failure finds no spare, and how long the job then waits for one of those being repaired. */
export interface Shortage {
  readonly share: number;
  readonly waitSeconds: number;
}

/**
 * As failures come at random with `failures` a second, as many hosts are away as a Poisson distribution of mean failures · repair
 * time says. One more failure finds no spare where all are away; the first of them is back after a (spares + 1)th of a repair at most.
 */
export function shortage({ hosts, repairSeconds }: Spares, failuresPerSecond: number): Shortage {
  const away = failuresPerSecond * repairSeconds;
  let term = Math.exp(-away);
  let fewer = 0;
  for (let n = 0; n < hosts; n++) {
    fewer += term;
    term *= away / (n + 1);
  }
  return { share: Math.max(0, 1 - fewer), waitSeconds: repairSeconds / (hosts + 1) };
}
