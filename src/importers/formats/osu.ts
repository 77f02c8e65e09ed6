import { type CurveFact, type Facts, type Importer, linesOf, nothing } from '../facts/facts.ts';
import { fittedLines } from '../facts/line-fit.ts';
import { withoutRank, withoutRanks } from './rank-prefix.ts';

// "# OSU MPI-CUDA Bandwidth Test v7.5"; the word after OSU tells devices and one-sided calls (MPI_Put).
const HEADER = /^# OSU ((?:MPI|NCCL)\S* .+?) Test/;
// -f and --validation add columns after the figure.
const ROW = /^\s*(\d+)\s+(\d+(?:\.\d+)?)(?:\s+(.*))?$/;
/** Of all tests this one alone sends one way between two ranks and prints a rate. */
const ONE_WAY = /^(?:MPI|NCCL)(?:-\S+)? Bandwidth$/;

interface OsuTest {
  readonly name: string;
  readonly rate: boolean;
  readonly rows: readonly { readonly size: number; readonly value: number; readonly failed: boolean }[];
  readonly line: number;
}

/** OSU micro-benchmarks: osu_bw between two ranks is a curve; every other test is told in words and used for nothing. */
export const osu: Importer = {
  format: 'OSU micro-benchmarks',
  recognises: (text) => /^# OSU (?:MPI|NCCL)/m.test(withoutRanks(text)),
  read(text, file): Facts {
    const tests = testsOf(linesOf(text).map(withoutRank));
    const curves = tests.flatMap((test) => (ONE_WAY.test(test.name) ? curveOf(test, file) : []));
    const others = tests.filter(({ line }) => curves.every(({ where }) => where.line !== line));
    return {
      ...nothing(this.format),
      curves,
      measured: others
        .filter(({ rows }) => rows.length > 0)
        .map((test) => `${words(test)} (${file}:${test.line})`),
      notes: others
        .filter(({ rows }) => rows.length === 0)
        .map(({ name, line }) => `OSU ${name} of ${file}:${line} has no rows of size and figure`),
    };
  },
};

function testsOf(lines: readonly string[]): OsuTest[] {
  const heads = lines.flatMap((line, i) => {
    const name = HEADER.exec(line)?.[1];
    return name === undefined ? [] : [{ name, at: i }];
  });
  return heads.map(({ name, at }, i) => {
    const own = lines.slice(at + 1, heads[i + 1]?.at ?? lines.length);
    const rows = own.flatMap((line) => {
      const row = ROW.exec(line);
      return row === null
        ? []
        : [{ size: Number(row[1]), value: Number(row[2]), failed: /\bfail/i.test(row[3] ?? '') }];
    });
    return { name, rate: own.some((line) => /^#.*MB\/s/.test(line)), rows, line: at + 1 };
  });
}

/**
 * MB/s (10⁶) by size as a rate: the plateau of the table. osu_bw keeps a window of messages in flight, so what is left of
 * each message's time at size 0 is not a latency, and a line through small sizes overshoots.
 */
function curveOf({ name, rows, line }: OsuTest, file: string): CurveFact[] {
  const points = rows.map(({ size, value }) => ({ bytes: size, seconds: size / (value * 1e6) }));
  const usable = points.filter(({ seconds }) => Number.isFinite(seconds));
  const peak = Math.max(...usable.map(({ bytes, seconds }) => bytes / seconds));
  // Two sizes or more: one says nothing of a plateau.
  const rate = fittedLines(usable).length === 0 ? undefined : peak;
  const failed = rows.find((row) => row.failed);
  if (rate === undefined) return [];
  return [
    {
      test: `OSU ${name}`,
      ranks: 2,
      hosts: 0,
      hostNames: [],
      gpuName: null,
      lines: [{ latency: 0, bandwidth: rate }],
      largest: Math.max(...rows.map(({ size }) => size)),
      peak,
      unfit: failed === undefined ? null : `its data were wrong (validation failed at ${failed.size} B)`,
      where: { file, line },
    },
  ];
}

function words({ name, rate, rows }: OsuTest): string {
  const figure = ({ size, value }: OsuTest['rows'][number]) =>
    `${rate ? `${(value / 1e3).toPrecision(4)} GB/s` : `${value} us`} at ${size} B`;
  const ends = rows.length === 1 ? figure(rows[0]!) : `${figure(rows[0]!)}, ${figure(rows.at(-1)!)}`;
  return `OSU ${name}: ${ends}${/bi-?directional/i.test(name) ? ', both directions together' : ''}`;
}
