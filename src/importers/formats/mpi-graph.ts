import { InputError } from '../../domain/input-error.ts';
import { type Facts, type Importer, linesOf, nothing } from '../facts/facts.ts';
import { withoutRank, withoutRanks } from './rank-prefix.ts';

/** mpiGraph.c prints size · 10⁶ / 1024² / microseconds. */
const MB = 2 ** 20;

/**
 * mpiGraph's send matrix: MB/s from each process to each. Processes stand in a ring and each sends to one other at a
 * time (and receives from another), so what a pair of hosts carries is the mean of its pairs of processes times those that
 * send at a time: as many as the host with the fewer runs. Where each host runs one process, that is also what one flow
 * reaches alone; where several do, each is hindered by the others of its host.
 */
export const mpiGraph: Importer = {
  format: 'mpiGraph',
  recognises: (text) => /^START mpiGraph/m.test(withoutRanks(text)),
  read(text, file): Facts {
    const lines = linesOf(text).map(withoutRank);
    const at = lines.findIndex((line) => /^Send\s+\S+:\d+/.test(line));
    const processes = (lines[at] ?? '').trim().split(/\s+/).slice(1);
    if (at < 0)
      throw new InputError({
        message: 'no Send matrix',
        expected: 'the whole output of mpiGraph',
        at: { file, line: 1 },
      });
    const figures = processes.map((_, row) => rowOf(lines, file, at, processes, row));
    const where = { file, line: at + 1 };
    const hostOf = (process: string) => process.replace(/:\d+$/, '');
    const hosts = [...new Set(processes.map(hostOf))];
    if (hosts.length < 2)
      return { ...nothing(this.format), notes: [`${file}:${at + 1} is the matrix of one host: not used`] };
    const members = hosts.map((host) => processes.flatMap((one, i) => (hostOf(one) === host ? [i] : [])));
    const flows = members.map((from) => members.map((to) => Math.min(from.length, to.length)));
    const mean = (from: readonly number[], to: readonly number[]) =>
      from.reduce((sum, i) => sum + to.reduce((row, j) => row + figures[i]![j]!, 0), 0) /
      (from.length * to.length);
    const bandwidth = members.map((from, i) =>
      members.map((to, j) => (i === j ? 0 : mean(from, to) * flows[i]![j]! * MB)),
    );
    return { ...nothing(this.format), matrix: { hosts, bandwidth, flows, where } };
  },
};

/** The figures of one process; throws where its row is missing, short or without a rate. */
function rowOf(
  lines: readonly string[],
  file: string,
  head: number,
  processes: readonly string[],
  row: number,
): number[] {
  const line = head + 1 + row;
  const [name, to, ...cells] = (lines[line] ?? '').trim().split(/\s+/);
  if (name !== processes[row] || to !== 'to' || cells.length !== processes.length) {
    throw new InputError({
      message: `the row of ${processes[row]} is missing or short`,
      expected: `${processes[row]} to, and ${processes.length} figures`,
      hint: 'Maybe the output was cut off: run mpiGraph again.',
      at: { file, line: line + 1 },
    });
  }
  const figures = cells.map(Number);
  const bad = figures.findIndex((value, j) => j !== row && !(value > 0 && Number.isFinite(value)));
  if (bad >= 0) {
    throw new InputError({
      message: `bandwidth from ${name} to ${processes[bad]} is ${cells[bad]}`,
      expected: 'MB/s above zero',
      at: { file, line: line + 1 },
    });
  }
  return figures;
}
