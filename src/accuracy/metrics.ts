/** Statistics over signed relative errors (predicted / measured − 1). All return null for an empty list. */
export function mape(errors: readonly number[]): number | null {
  if (errors.length === 0) return null;
  return errors.reduce((sum, e) => sum + Math.abs(e), 0) / errors.length;
}

export function quantile(values: readonly number[], q: number): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = Math.floor(at);
  return sorted[low]! + (sorted[Math.min(low + 1, sorted.length - 1)]! - sorted[low]!) * (at - low);
}

export function median(values: readonly number[]): number | null {
  return quantile(values, 0.5);
}

/** Rank correlation of two lists, ties sharing their mean rank. null below three pairs or without spread. */
export function spearman(a: readonly number[], b: readonly number[]): number | null {
  if (a.length < 3) return null;
  const x = ranks(a);
  const y = ranks(b);
  const mean = (a.length + 1) / 2;
  let xy = 0;
  let xx = 0;
  let yy = 0;
  for (const [i, xi] of x.entries()) {
    xy += (xi - mean) * (y[i]! - mean);
    xx += (xi - mean) ** 2;
    yy += (y[i]! - mean) ** 2;
  }
  return xx === 0 || yy === 0 ? null : xy / Math.sqrt(xx * yy);
}

function ranks(values: readonly number[]): number[] {
  const order = values.map((value, index) => ({ value, index })).sort((a, b) => a.value - b.value);
  const result = new Array<number>(values.length);
  for (let i = 0; i < order.length; ) {
    let j = i;
    while (j + 1 < order.length && order[j + 1]!.value === order[i]!.value) j += 1;
    for (let k = i; k <= j; k++) result[order[k]!.index] = (i + j) / 2 + 1;
    i = j + 1;
  }
  return result;
}

/** What is lost by running the best-predicted of a sweep (or the best measured among the `k` best predicted). */
export function regret(predicted: readonly number[], measured: readonly number[], k = 1): number | null {
  if (predicted.length < 3) return null;
  const order = predicted
    .map((value, index) => ({ value, index }))
    .sort((a, b) => a.value - b.value || a.index - b.index);
  const chosen = Math.min(...order.slice(0, k).map(({ index }) => measured[index]!));
  return chosen / Math.min(...measured) - 1;
}
