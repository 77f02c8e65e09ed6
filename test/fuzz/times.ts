/** Cases of a property: `FUZZ=10` (`npm run fuzz`) asks ten times as many. */
export function timesMore(cases: number): number {
  const times = Number(process.env.FUZZ ?? '1');
  return Math.max(1, Math.round(cases * times));
}
