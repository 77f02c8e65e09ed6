import { InputError } from '../../domain/input-error.ts';
import { type Facts, type Importer, linesOf, nothing } from '../facts/facts.ts';
import { rateText } from '../facts/measured-words.ts';
import { hostFacts } from './seen-gpus.ts';

const DEVICE = /^Device:\s*(\d+),\s*(.+?),\s*pciBusID/;

/** `p2pBandwidthLatencyTest` of the CUDA samples: what two GPUs of this host reach, with peer-to-peer where they have it. */
export const p2pBandwidth: Importer = {
  format: 'p2pBandwidthLatencyTest',
  recognises: (text) => /P2P \(Peer-to-Peer\) GPU Bandwidth Latency Test|^Unidirectional P2P=/m.test(text),
  read(text, file): Facts {
    const lines = linesOf(text);
    const seen = lines.flatMap((line, i) => {
      const [, , name] = DEVICE.exec(line) ?? [];
      return name === undefined
        ? []
        : [{ name, memoryMiB: null, generation: null, where: { file, line: i + 1 } }];
    });
    const direct = matrixAfter(lines, /^P2P Connectivity Matrix/);
    const enabled = matrixAfter(lines, /^Unidirectional P2P=Enabled Bandwidth/);
    const best = enabled ?? matrixAfter(lines, /^Unidirectional P2P=Disabled Bandwidth/);
    if (best === null)
      throw new InputError({
        message: 'no matrix of unidirectional bandwidth',
        expected: 'the whole output of p2pBandwidthLatencyTest',
        at: { file, line: 1 },
      });
    const pairs = best.rows.flatMap((row, i) => row.filter((_, j) => i !== j));
    const kinds = new Set(seen.map(({ name }) => name));
    const reach =
      direct === null || direct.rows.every((row, i) => row.every((cell, j) => i === j || cell === 1));
    const bandwidth = Math.min(...pairs) * 1e9;
    const where = { file, line: best.line };
    return {
      ...nothing(this.format),
      // CUDA_VISIBLE_DEVICES may hide others.
      hosts: hostFacts(seen).map((host) => ({ ...host, atLeast: true as const })),
      pairs:
        pairs.length === 0 || kinds.size > 1
          ? []
          : [
              {
                gpuName: seen[0]?.name ?? null,
                gpus: best.rows.length,
                direct: reach && enabled !== null,
                bandwidth,
                where,
              },
            ],
      measured:
        pairs.length === 0
          ? []
          : [
              `two GPUs of a host, one way: ${rateText(bandwidth)} to ${rateText(Math.max(...pairs) * 1e9)} (${file}:${best.line})`,
            ],
      notes:
        kinds.size > 1
          ? [
              `the pairs of ${file}:${best.line} are not used: they are of unlike GPUs (${[...kinds].join(', ')})`,
            ]
          : [],
    };
  },
};

/** Figures under a title: a row of columns, then a row for each GPU. */
function matrixAfter(
  lines: readonly string[],
  title: RegExp,
): { readonly rows: readonly (readonly number[])[]; readonly line: number } | null {
  const at = lines.findIndex((line) => title.test(line.trim()));
  if (at < 0) return null;
  const rows: number[][] = [];
  for (const line of lines.slice(at + 2)) {
    const [index, ...cells] = line.trim().split(/\s+/).map(Number);
    if (index !== rows.length || cells.length === 0 || cells.some((cell) => Number.isNaN(cell))) break;
    rows.push(cells);
  }
  const whole = rows.length > 0 && rows.every((row) => row.length === rows.length);
  return whole ? { rows, line: at + 1 } : null;
}
