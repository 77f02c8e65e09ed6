import { type CurveFact, type Facts, type HostFact, nothing } from '../facts/facts.ts';
import { fittedLines, type Point } from '../facts/line-fit.ts';

/** One run of nccl-tests or rccl-tests, as read from its text or its JSON. */
export interface NcclRun {
  /** all_reduce; null where the output does not say. */
  readonly test: string | null;
  readonly points: readonly Point[];
  readonly ranks: number;
  /** Test and ranks by the figures of the table, where it says nothing else of them. */
  readonly byColumns: { readonly test: string | null; readonly ranks: number } | null;
  /** GPUs that it lists, by host. */
  readonly devices: readonly {
    readonly host: string;
    readonly gpu: string;
    readonly count: number;
    readonly line: number;
  }[];
  readonly hostNames: readonly string[];
  readonly gpuNames: readonly string[];
  /** Communicators that ran at the same time (NCCL_TESTS_SPLIT_MASK). */
  readonly communicators: number;
  /** Rows that were cut, or had no size or time. */
  readonly skipped: number;
  /** The first sign of wrong data. */
  readonly wrong: string | null;
  /** -C: times are those of the host launching the collective. */
  readonly hostTime: boolean;
  readonly line: number;
}

/** What a file's runs say; what cannot be fitted becomes a note. */
export function ncclFacts(format: string, runs: readonly NcclRun[], file: string): Facts {
  const curves: CurveFact[] = [];
  const notes: string[] = [];
  if (runs.length === 0) notes.push(`${file} holds no results: not used`);
  for (const run of runs) {
    const where = { file, line: run.line };
    const ofFile = run.test ?? testOfFile(file);
    const told = ofFile === null || run.devices.length === 0 ? run.byColumns : null;
    const test = ofFile ?? told?.test ?? 'unknown test';
    const ranks = Math.max(run.ranks, told?.ranks ?? 0);
    const at = `${test} of ${file}:${run.line}`;
    if (run.test === null && (ofFile !== null || told?.test === undefined))
      notes.push(`${at}: the name of the test is taken from the file's`);
    else if (ofFile === null) notes.push(`${at}: which test it is, by bus over algorithm bandwidth`);
    if (ranks > run.ranks) notes.push(`${at}: ${ranks} ranks, by bus over algorithm bandwidth`);
    if (run.skipped > 0) notes.push(`${at}: ${run.skipped} rows without a size and a time skipped`);
    const lines = fittedLines(run.points);
    if (lines.length === 0) {
      notes.push(
        `${at}: ${run.points.length} sizes with a time, and it takes two whose time grows: not used (maybe run with -b 8 -e 2G -f 4)`,
      );
      continue;
    }
    curves.push({
      test,
      ranks,
      hosts: run.hostNames.length,
      hostNames: run.hostNames,
      gpuName: run.gpuNames.length === 1 ? run.gpuNames[0]! : null,
      lines,
      largest: run.points.reduce((most, { bytes }) => Math.max(most, bytes), 0),
      peak: Math.max(...run.points.map(({ bytes, seconds }) => bytes / seconds)),
      unfit: unfit(run, ranks),
      where,
    });
  }
  return { ...nothing(format), hosts: hostsOf(runs, file), curves, notes };
}

/** Hosts that runs list devices of, with as many GPUs as any run used there. */
function hostsOf(runs: readonly NcclRun[], file: string): HostFact[] {
  const found = new Map<string, HostFact>();
  for (const { devices } of runs) {
    for (const key of new Set(devices.map(({ host, gpu }) => `${host}\n${gpu}`))) {
      const own = devices.filter(({ host, gpu }) => `${host}\n${gpu}` === key);
      const { host, gpu, line } = own[0]!;
      const gpusPerHost = own.reduce((sum, { count }) => sum + count, 0);
      if (gpu === '' || gpusPerHost <= (found.get(key)?.gpusPerHost ?? 0)) continue;
      found.set(key, {
        hosts: [host],
        count: 1,
        gpuName: gpu,
        memoryMiB: null,
        gpusPerHost,
        pcieGeneration: null,
        features: [],
        atLeast: true,
        where: { file, line },
      });
    }
  }
  return [...found.values()];
}

function unfit(run: NcclRun, ranks: number): string | null {
  if (run.wrong !== null) return `its data were wrong (${run.wrong})`;
  if (run.hostTime) return 'its times are those of the host launching it (-C)';
  if (run.gpuNames.length > 1) return `it ran on unlike GPUs (${run.gpuNames.join(', ')})`;
  if (run.communicators > 1) return `${run.communicators} communicators ran at once`;
  return ranks < 2 ? 'it ran on one GPU' : null;
}

/** `all_reduce` of ./build/all_reduce_perf_mpi. */
export function testOfProgram(text: string): string | null {
  return /([a-z]+(?:_[a-z]+)*?)_perf/.exec(text)?.[1] ?? null;
}

const TESTS_IN_NAMES: readonly (readonly [RegExp, string])[] = [
  [/reduce[-_]?scatter/i, 'reduce_scatter'],
  [/all[-_]?reduce/i, 'all_reduce'],
  [/all[-_]?gather/i, 'all_gather'],
  [/all[-_]?to[-_]?all(?!v)/i, 'alltoall'],
  [/send[-_]?recv/i, 'sendrecv'],
];

/** The test that a file's name speaks of: old versions of nccl-tests do not print theirs. */
function testOfFile(file: string): string | null {
  return TESTS_IN_NAMES.find(([pattern]) => pattern.test(file))?.[1] ?? null;
}
