import { at, type CurveFact } from './facts.ts';

/** `46.00 GB/s`. */
export function rateText(bytesPerSecond: number): string {
  return `${(bytesPerSecond / 1e9).toPrecision(4)} GB/s`;
}

/**
 * Bytes that each rank's link carries over bytes of the buffer: nccl-tests' bus bandwidth over its algorithm bandwidth
 * (doc/PERFORMANCE.md). null for a test that is not known.
 */
export function busFactor(test: string, ranks: number): number | null {
  if (/^(sendrecv|broadcast|reduce)$/.test(test)) return 1;
  if (/^(all_gather|reduce_scatter|alltoall|gather|scatter)$/.test(test)) return (ranks - 1) / ranks;
  return test === 'all_reduce' ? (2 * (ranks - 1)) / ranks : null;
}

/** `all_reduce on 8 ranks of 1 host: 25.0 us + bytes / 268.4 GB/s algbw (469.8 GB/s busbw) (nccl.txt:21)`. */
export function curveWords(curve: CurveFact): string {
  const factor = busFactor(curve.test, curve.ranks);
  const lines = curve.lines.map(({ latency, bandwidth }) =>
    latency > 0 ? `${timeText(latency)} + bytes / ${rateText(bandwidth)}` : rateText(bandwidth),
  );
  const fit = lines.length === 1 ? lines[0]! : `the least of ${lines.join(' and ')}`;
  const bus =
    factor === null
      ? ''
      : ` (busbw ${rateText(factor * Math.max(...curve.lines.map(({ bandwidth }) => bandwidth)))})`;
  const kind = curve.test.startsWith('OSU') ? '' : ' algbw';
  return `${ranksText(curve)}: ${fit}${kind}${bus} (${at(curve)})`;
}

/** What large sizes reach, bytes/s: never more than a size did. */
export function fastest({ lines, peak }: CurveFact): number {
  return Math.min(peak, Math.max(...lines.map(({ bandwidth }) => bandwidth)));
}

function timeText(seconds: number): string {
  return `${(seconds * 1e6).toPrecision(3)} us`;
}

function ranksText({ test, ranks, hosts }: CurveFact): string {
  const where = hosts === 0 ? 'hosts not said' : hosts === 1 ? '1 host' : `${hosts} hosts`;
  return hosts === 0 ? `${test} on ${ranks} ranks, ${where}` : `${test} on ${ranks} ranks of ${where}`;
}
