import { VENDOR_NAMES } from '../domain/gpu.ts';
import { mape, median } from './metrics.ts';
import type { Scored } from './score.ts';

/** How well the runs on one GPU type are told. */
export interface GpuScore {
  /** Kernel generation. */
  readonly architecture: string;
  readonly rows: number;
  readonly mape: number | null;
  readonly bias: number | null;
  /** Share of the timed runs inside the band that is printed beside them, and the widest of it, one side. */
  readonly inside: number | null;
  readonly band: number | null;
  readonly memoryRows: number;
  readonly memory: number | null;
  readonly worstUnder: number | null;
}

/** Scored runs by the maker of their GPUs, then by GPU, generations together: NVIDIA's would bury all others. */
export function makersOf(
  scored: readonly Scored[],
): Readonly<Record<string, Readonly<Record<string, GpuScore>>>> {
  const makers = new Map<string, Map<string, Scored[]>>();
  for (const row of scored) {
    const { vendor, id } = row.gpu!;
    const gpus = makers.get(VENDOR_NAMES[vendor]) ?? new Map<string, Scored[]>();
    gpus.set(id, [...(gpus.get(id) ?? []), row]);
    makers.set(VENDOR_NAMES[vendor], gpus);
  }
  return Object.fromEntries(
    sorted(makers, ([name]) => name).map(([name, gpus]) => [
      name,
      Object.fromEntries(
        sorted(gpus, ([id, [row]]) => `${row!.gpu!.architecture} ${id}`).map(([id, rows]) => [
          id,
          scoreOf(rows),
        ]),
      ),
    ]),
  );
}

function scoreOf(rows: readonly Scored[]): GpuScore {
  const timed = rows.filter(({ stepError }) => stepError !== undefined);
  const errors = timed.map(({ stepError }) => stepError!);
  const memory = rows.flatMap(({ memoryError }) => memoryError ?? []);
  const within = timed.filter(({ stepError, band }) => Math.abs(stepError!) <= band!);
  return {
    architecture: rows[0]!.gpu!.architecture,
    rows: timed.length,
    mape: mape(errors),
    bias: median(errors),
    inside: timed.length === 0 ? null : within.length / timed.length,
    band: timed.length === 0 ? null : Math.max(...timed.map(({ band }) => band!)),
    memoryRows: memory.length,
    memory: mape(memory),
    worstUnder: memory.length === 0 ? null : Math.min(0, ...memory),
  };
}

function sorted<V>(
  map: ReadonlyMap<string, V>,
  key: (entry: readonly [string, V]) => string,
): (readonly [string, V])[] {
  return [...map].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}
