/** n things over so many places, the first taking what is over: layers over chunks, micro-batches over copies. */
export function dealt(n: number, places: number): number[] {
  return Array.from({ length: places }, (_, i) => Math.floor(n / places) + (i < n % places ? 1 : 0));
}
