/** n layers over so many chunks, the first taking what is over. */
export function dealt(n: number, chunks: number): number[] {
  return Array.from({ length: chunks }, (_, c) => Math.floor(n / chunks) + (c < n % chunks ? 1 : 0));
}
