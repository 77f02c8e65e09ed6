import type { Point } from '../facts/line-fit.ts';
import { type NcclRun, testOfProgram } from './nccl-run.ts';

type Json = Readonly<Record<string, unknown>>;

const record = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const count = (value: unknown): number | null =>
  Number.isInteger(value) && (value as number) > 0 ? (value as number) : null;
const words = (values: readonly unknown[]): string[] => [
  ...new Set(values.filter((value): value is string => typeof value === 'string' && value !== '')),
];

/**
 * The run in an nccl-tests -J document (src/util.cu); null where it has no results. The tool writes null for a body that
 * was not run and for unchecked data, and of each process's devices only the first. Its `env` is never looked at.
 */
export function ncclJsonRun(document: unknown): NcclRun | null {
  const { args, config, results, out_of_bounds: bounds } = record(document);
  const rows = list(results).map(record);
  if (rows.length === 0) return null;
  const { devices: listed, ngpus, nthreads } = record(config);
  const options = list(args).filter((arg): arg is string => typeof arg === 'string');
  const perProcess =
    (count(ngpus) ?? option(options, 'g', 'ngpus')) * (count(nthreads) ?? option(options, 't', 'nthreads'));
  const devices = (Array.isArray(listed) ? listed : listed === undefined ? [] : [listed]).map(record);
  const points = rows.flatMap(pointOf);
  const wrong = rows.find(({ out_of_place: one, in_place: other }) => errors(one) + errors(other) > 0);
  return {
    test: options.map(testOfProgram).find((test) => test !== null) ?? null,
    points,
    ranks: ranksOf(devices, perProcess),
    byColumns: null,
    devices: devicesOf(devices, ranksOf(devices, perProcess)),
    hostNames: words(devices.map(({ hostname }) => hostname)),
    gpuNames: words(devices.map(({ device_info: info }) => info)),
    communicators: Math.max(1, new Set(devices.map(({ group }) => group ?? 0)).size),
    skipped: rows.length - points.length,
    wrong:
      wrong === undefined
        ? Number(record(bounds).count) > 0
          ? `out of bounds values: ${Number(record(bounds).count)}`
          : null
        : `nwrong ${errors(wrong.out_of_place) + errors(wrong.in_place)} at ${Number(wrong.size)} B`,
    hostTime: rows.some(({ out_of_place: one }) => record(one).cpu_time !== undefined),
    line: 1,
  };
}

/** GPUs by host: each entry stands for as many of its host as ranks are for each entry. */
function devicesOf(devices: readonly Json[], ranks: number): NcclRun['devices'] {
  const each = devices.length === 0 ? 0 : ranks / devices.length;
  if (!Number.isInteger(each) || each < 1) return [];
  return devices.flatMap(({ hostname, device_info: gpu }) =>
    typeof hostname === 'string' && hostname !== '' && typeof gpu === 'string'
      ? [{ host: hostname, gpu, count: each, line: 1 }]
      : [],
  );
}

function pointOf({ size, out_of_place: body }: Json): Point[] {
  const { time, cpu_time: hostTime } = record(body);
  const [bytes, seconds] = [Number(size), Number(time ?? hostTime) * 1e-6];
  return bytes > 0 && seconds > 0 ? [{ bytes, seconds }] : [];
}

function errors(body: unknown): number {
  const { nwrong } = record(body);
  return typeof nwrong === 'number' ? nwrong : 0;
}

/** -g 8, -g8, --ngpus 8, --ngpus=8; 1 where it is not there. */
function option(args: readonly string[], short: string, long: string): number {
  const pattern = new RegExp(`^(?:-${short}|--${long}[= ]?)\\s?(\\d+)$`);
  const joined = args.map((arg, i) =>
    arg === `-${short}` || arg === `--${long}` ? `${arg} ${args[i + 1]}` : arg,
  );
  const found = joined.map((arg) => pattern.exec(arg)?.[1]).find((value) => value !== undefined);
  return count(Number(found)) ?? 1;
}

/** Ranks where each entry is the first device of a process, or each is one rank. */
function ranksOf(devices: readonly Json[], perProcess: number): number {
  const highest = Math.max(0, ...devices.map(({ rank }) => (typeof rank === 'number' ? rank : 0)));
  const first = highest % perProcess === 0 && (highest > 0 || devices.length <= 1);
  return first ? highest + perProcess : Math.max(devices.length, highest + 1);
}
