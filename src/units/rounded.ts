/**
 * Whole numbers near these values whose sum is that of the values, rounded (largest remainders are rounded up): what is printed of
 * parts then adds up to what is printed of the whole, to the last digit. `whole`: what that is, where it is a part rounded itself.
 */
export function roundedParts(
  values: readonly number[],
  whole = Math.round(values.reduce((sum, value) => sum + value, 0)),
): number[] {
  const floors = values.map(Math.floor);
  let left = whole - floors.reduce((sum, value) => sum + value, 0);
  const order = values
    .map((value, i) => ({ i, rest: value - floors[i]! }))
    .sort((a, b) => b.rest - a.rest || a.i - b.i);
  for (const { i } of order) {
    if (left <= 0) break;
    floors[i]! += 1;
    left -= 1;
  }
  return floors;
}

/** The same with so many decimals, as text: `1,234.50`. */
export function fixedParts(values: readonly number[], decimals: number): string[] {
  const factor = 10 ** decimals;
  return roundedParts(values.map((value) => value * factor)).map((value) => fixed(value / factor, decimals));
}

/** Shares of their sum, in per cent, that add up to 100: `67.2%`. */
export function sharesOf(values: readonly number[]): string[] {
  const all = values.reduce((sum, value) => sum + value, 0);
  return fixedParts(
    values.map((value) => (100 * value) / all),
    1,
  ).map((share) => `${share}%`);
}

/** `12,345.60` */
export function fixed(value: number, decimals: number): string {
  const [whole = '', rest] = value.toFixed(decimals).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return rest === undefined ? grouped : `${grouped}.${rest}`;
}

/** Decimals with which a value shows at least so many digits. */
export function decimalsFor(value: number, digits: number): number {
  const before = value < 1 ? 1 : Math.floor(Math.log10(value)) + 1;
  return Math.max(0, digits - before);
}
