import { InputError } from '../domain/input-error.ts';
import { type Facts, type Importer, linesOf, nothing } from './facts.ts';

/** OSU osu_bw (MB/s by size) and osu_latency (us by size) between two hosts. */
export const osu: Importer = {
  format: 'OSU micro-benchmarks',
  recognises: (text) => /# OSU MPI/.test(text),
  read(text, file): Facts {
    const rows = linesOf(text).flatMap((line, i) => {
      const match = /^\s*(\d+)\s+([\d.]+)\s*$/.exec(line);
      return match === null ? [] : [{ size: Number(match[1]), value: Number(match[2]), line: i + 1 }];
    });
    if (rows.length === 0)
      throw new InputError({
        message: 'no sizes',
        expected: 'rows of size and figure',
        at: { file, line: 1 },
      });
    const bandwidth = /Bandwidth/.test(text);
    const where = { file, line: rows.at(-1)!.line };
    const last = rows.at(-1)!;
    const curve = bandwidth
      ? { test: 'osu_bw', latency: 0, bandwidth: last.value * 1e6 }
      : { test: 'osu_latency', latency: rows[0]!.value * 1e-6, bandwidth: Number.POSITIVE_INFINITY };
    return { ...nothing(this.format), curves: [{ ...curve, ranks: 2, gpuName: null, hosts: 2, where }] };
  },
};

/** mpiGraph's send matrix: MB/s from each process to each; processes of one host are averaged and added up. */
export const mpiGraph: Importer = {
  format: 'mpiGraph',
  recognises: (text) => /START mpiGraph/.test(text),
  read(text, file): Facts {
    const lines = linesOf(text);
    const at = lines.findIndex((line) => /^Send\s+\S+:\d+/.test(line));
    const processes = (lines[at] ?? '').trim().split(/\s+/).slice(1);
    if (at < 0 || processes.length === 0)
      throw new InputError({
        message: 'no Send matrix',
        expected: 'the whole output of mpiGraph',
        at: { file, line: 1 },
      });
    const hosts = [...new Set(processes.map((name) => name.replace(/:\d+$/, '')))];
    const index = processes.map((name) => hosts.indexOf(name.replace(/:\d+$/, '')));
    const sum = hosts.map(() => hosts.map(() => 0));
    const perHost = processes.length / hosts.length;
    for (const [i, process] of processes.entries()) {
      const line = at + 1 + i;
      const cells = (lines[line] ?? '').trim().split(/\s+/);
      const figures = cells.slice(2).map(Number);
      if (cells[0] !== process || cells[1] !== 'to' || figures.length !== processes.length) {
        throw new InputError({
          message: `the row of ${process} is missing or short`,
          expected: `${process} to, and ${processes.length} figures`,
          hint: 'Maybe the output was cut off: run mpiGraph again.',
          at: { file, line: line + 1 },
        });
      }
      for (const [j, value] of figures.entries()) {
        if (i === j) continue;
        if (!(value > 0 && Number.isFinite(value))) {
          throw new InputError({
            message: `bandwidth from ${process} to ${processes[j]} is ${cells[j + 2]}`,
            expected: 'MB/s above zero',
            at: { file, line: line + 1 },
          });
        }
        sum[index[i]!]![index[j]!]! += value;
      }
    }
    // A pair of hosts is measured by perHost² pairs of processes, perHost of which send at a time.
    const bandwidth = sum.map((row) => row.map((value) => (value / perHost ** 2) * perHost * 1e6));
    return { ...nothing(this.format), matrix: { hosts, bandwidth, where: { file, line: at + 1 } } };
  },
};
