/** Equal chunks; one layer less on the ends where embedding and loss count as a layer each. */
export function evenCounts(layers: number, chunks: number): number[] | null {
  if (layers % chunks === 0) return new Array<number>(chunks).fill(layers / chunks);
  if (chunks > 1 && (layers + 2) % chunks === 0) {
    const n = (layers + 2) / chunks;
    return Array.from({ length: chunks }, (_, i) => (i === 0 || i === chunks - 1 ? n - 1 : n));
  }
  if ((layers + 1) % chunks === 0) {
    const n = (layers + 1) / chunks;
    return Array.from({ length: chunks }, (_, i) => (i === chunks - 1 ? n - 1 : n));
  }
  return null;
}
