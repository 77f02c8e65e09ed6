/** What one row says beside its time. */
export interface RowWords {
  /** Bus bandwidth over algorithm bandwidth, which depends on test and ranks alone; null: not printed. */
  readonly factor: number | null;
  /** `sum`, `none` or nothing. */
  readonly redop: string;
  /** -1 without a root; null: no such column. */
  readonly root: number | null;
}

/** A figure of two decimals is this near what it stands for, relative. */
const NEAR = 0.004;

/**
 * Test and ranks by the figures of a table that names neither (nccl-tests doc/PERFORMANCE.md): an all-reduce on n ranks has
 * 2 (n-1)/n, a reduce-scatter (n-1)/n. `ranks`: as the list of devices has them; null: there is none. Null: nothing told.
 */
export function testByColumns(
  rows: readonly RowWords[],
  ranks: number | null,
): { readonly test: string | null; readonly ranks: number } | null {
  // The last row is of the largest size: its rates have the most digits.
  const { factor, redop, root } = rows.findLast((row) => row.factor !== null) ?? NONE;
  if (factor === null || (root !== null && root >= 0)) return null;
  const reduces =
    redop === 'sum' || redop === 'prod' || redop === 'max' || redop === 'min' || redop === 'avg';
  const ways: readonly (readonly [string | null, number])[] = [
    ['all_reduce', reduces ? 2 / (2 - factor) : 0],
    [reduces ? 'reduce_scatter' : null, 1 / (1 - factor)],
  ];
  const fits = ways.flatMap(([test, n]) => {
    const whole = ranks ?? Math.round(n);
    const near = test === 'all_reduce' ? (2 * (whole - 1)) / whole : (whole - 1) / whole;
    return whole > 1 && Math.abs(near / factor - 1) < NEAR ? [{ test, ranks: whole }] : [];
  });
  if (fits.length === 1) return fits[0]!;
  // One for one: sendrecv, unless two ranks reduce.
  return ranks !== null && ranks > 2 && Math.abs(factor - 1) < NEAR ? { test: 'sendrecv', ranks } : null;
}

const NONE: RowWords = { factor: null, redop: '', root: null };
