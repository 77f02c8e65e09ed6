import type { Point } from '../facts/line-fit.ts';
import { type RowWords, testByColumns } from './nccl-columns.ts';
import { type NcclRun, testOfProgram } from './nccl-run.ts';

// Printed in this order at the start of each run (nccl-tests src/util.cu writeDeviceReport; old ones lack the first).
const STARTS = [/^# Collective test starting:/, /^# nThread\b/, /^# Using devices/];
const HEADER = /^#\s+size\s+count\s/;
const ROW = /^\s*\d+\s+\d+\s/;
// "#  Rank  0 Group  0 Pid   4100 on      gpu-a device  0 [0000:18:00] NVIDIA H100"; old ones have no group.
const RANK =
  /^#\s+Rank\s+(\d+)\s+(?:Group\s+(\d+)\s+)?Pid\s+\d+\s+on\s+(\S+)\s+device\s+\d+\s+\[[^\]]+\]\s*(.*?)\s*$/;
const TIMESTAMP = /\s\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\s*$/;

/** The runs in an output, in their order. */
export function ncclRuns(lines: readonly string[]): NcclRun[] {
  const starts = runStarts(lines);
  return starts.map((start, i) => {
    const end = starts[i + 1] ?? lines.length;
    return runOf(lines.slice(start, end), start, testBefore(lines, start));
  });
}

/** Where runs begin: at a mark that has been seen in the run before it. A text without marks is one run. */
function runStarts(lines: readonly string[]): number[] {
  const starts: number[] = [];
  let seen = STARTS.length;
  for (const [i, line] of lines.entries()) {
    const mark = STARTS.findIndex((one) => one.test(line));
    if (mark < 0) continue;
    if (mark <= seen) starts.push(i);
    seen = mark;
  }
  return starts.length > 0 ? starts : [0];
}

/** The program in a command line above a run, after the rows of the run before it. */
function testBefore(lines: readonly string[], start: number): string | null {
  for (let i = start - 1; i >= 0 && !ROW.test(lines[i]!); i--) {
    const test = /concluded/.test(lines[i]!) ? null : testOfProgram(lines[i]!);
    if (test !== null) return test;
  }
  return null;
}

function runOf(lines: readonly string[], start: number, before: string | null): NcclRun {
  const ranks = lines.flatMap((text, i) => {
    const [, rank, group = '0', host, gpu] = RANK.exec(text) ?? [];
    return rank === undefined
      ? []
      : [{ rank: Number(rank), group, host: host!, gpu: gpu!, line: start + i + 1 }];
  });
  const [, threads = '1', gpus = '1'] = /^# nThread (\d+) nGpus (\d+)/m.exec(lines.join('\n')) ?? [];
  const columns = (lines.find((line) => HEADER.test(line)) ?? '').trim().split(/\s+/).slice(1);
  const rows = lines.flatMap((line, i) => (ROW.test(line) ? [{ ...figures(line, columns), line: i }] : []));
  const usable = rows.flatMap(({ point }) => (point === null ? [] : [point]));
  const own = lines.slice(0, rows[0]?.line ?? lines.length).map(testOfProgram);
  return {
    test: own.find((test) => test !== null) ?? before,
    points: usable,
    byColumns: testByColumns(
      rows.map(({ words }) => words),
      ranks.length > 0 ? ranks.length : null,
    ),
    devices: ranks.map(({ host, gpu, line }) => ({ host, gpu, count: 1, line })),
    // Long lists of devices are cut by the tool.
    ranks: Math.max(ranks.length, ...ranks.map(({ rank }) => rank + 1), Number(threads) * Number(gpus)),
    hostNames: [...new Set(ranks.map(({ host }) => host))],
    gpuNames: [...new Set(ranks.map(({ gpu }) => gpu).filter((gpu) => gpu !== ''))],
    communicators: Math.max(1, new Set(ranks.map(({ group }) => group)).size),
    skipped: rows.length - usable.length,
    wrong:
      rows.find(({ wrong }) => wrong !== null)?.wrong ??
      lines.find((line) => /Out of bounds values\s*:.*FAILED/.test(line))?.replace(/^#\s*/, '') ??
      null,
    hostTime: columns.includes('cputime'),
    line: start + (rows[0]?.line ?? 0) + 1,
  };
}

/**
 * Out-of-place time and data errors of a row, and what its other columns say, by the header's columns: old versions have no `root`, -I adds columns to
 * each half, and a blank `redop` leaves a row one cell short.
 */
function figures(
  line: string,
  columns: readonly string[],
): { point: Point | null; wrong: string | null; words: RowWords } {
  const cells = line.replace(TIMESTAMP, '').trim().split(/\s+/);
  const named = columns.filter((column) => column !== 'timestamp');
  const blank = named.indexOf('redop');
  if (cells.length === named.length - 1 && blank >= 0 && /^-?\d/.test(cells[blank] ?? ''))
    cells.splice(blank, 0, '');
  const time = named.findIndex((column) => /^(cpu)?time$/.test(column));
  if (time < 0 || cells.length !== named.length) return { point: null, wrong: null, words: NO_WORDS };
  const [bytes, seconds] = [Number(cells[0]), Number(cells[time]) * 1e-6];
  const bad = named.findIndex((column, i) => column === '#wrong' && Number(cells[i]) > 0);
  return {
    point: bytes > 0 && seconds > 0 ? { bytes, seconds } : null,
    wrong: bad < 0 ? null : `#wrong ${cells[bad]} at ${bytes} B`,
    words: wordsOf(cells, named),
  };
}

const NO_WORDS: RowWords = { factor: null, redop: '', root: null };

function wordsOf(cells: readonly string[], columns: readonly string[]): RowWords {
  const cell = (name: string) => cells[columns.indexOf(name)];
  const [algorithm, bus, root] = [Number(cell('algbw')), Number(cell('busbw')), cell('root')];
  return {
    factor: algorithm >= 1 && bus > 0 ? bus / algorithm : null,
    redop: cell('redop') ?? '',
    root: root === undefined ? null : Number(root),
  };
}
