import { GiB } from './quantity.ts';

/** Three digits of more than this share of a unit would be four: 999.6 ms are 1.00 s. */
const ROUNDS_UP = 0.9995;

/** `12.3 GiB`. */
export function formatBytes(bytes: number): string {
  return `${digits(bytes / GiB)} GiB`;
}

/** `1.23 s`, `45.6 ms`, `7.8 us`. */
export function formatSeconds(seconds: number): string {
  if (seconds >= ROUNDS_UP || seconds === 0) return `${digits(seconds)} s`;
  if (seconds >= ROUNDS_UP * 1e-3) return `${digits(seconds * 1e3)} ms`;
  return `${digits(seconds * 1e6)} us`;
}

/** `12.3k`, `4.56M`. */
export function formatCount(count: number): string {
  for (const [size, suffix] of [
    [1e12, 'T'],
    [1e9, 'G'],
    [1e6, 'M'],
    [1e4, 'k'],
  ] as const) {
    if (count >= ROUNDS_UP * size) return `${digits(count / (suffix === 'k' ? 1e3 : size))}${suffix}`;
  }
  return digits(count);
}

/** `12.3k`, `4.56M`, `70.6B`: of parameters, as models are named. */
export function formatParameters(count: number): string {
  return formatCount(count).replace('G', 'B');
}

/** 12500 as `12,500`. */
export function formatInteger(count: number): string {
  return Math.round(count)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');
}

/** 0.123 as `12.3%`. */
export function formatPercent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}

/** `900 GB/s`, `5.0 TB/s`. */
export function formatBandwidth(bytesPerSecond: number): string {
  if (bytesPerSecond >= ROUNDS_UP * 1e12) return `${digits(bytesPerSecond / 1e12)} TB/s`;
  if (bytesPerSecond >= ROUNDS_UP * 1e9) return `${digits(bytesPerSecond / 1e9)} GB/s`;
  return `${digits(bytesPerSecond / 1e6)} MB/s`;
}

/** Three significant digits, never an exponent. */
export function digits(value: number): string {
  const size = Math.abs(value);
  if (size >= 100 * ROUNDS_UP || value === 0) return value.toFixed(0);
  if (size >= 10 * ROUNDS_UP) return value.toFixed(1);
  if (size >= ROUNDS_UP) return value.toFixed(2);
  return value.toFixed(3);
}
