import { estimate } from '../evaluate/estimate.ts';
import { formatPercent } from '../units/format.ts';
import { short } from './fit.ts';
import type { MeasuredMemory, MeasuredRun } from './measured-run.ts';

/** What was measured of the memory of one run beside what is estimated of the same. Bytes. */
export interface MemoryPair {
  readonly measured: number;
  readonly estimated: number;
  readonly kind: MeasuredMemory['kind'];
}

export interface MemoryFit {
  /** null: no run held more than estimated, or none was measured. */
  readonly factor: number | null;
  readonly refused: string | null;
}

/** The run's measurement that is largest over its estimate; null: none. */
export function memoryPair(run: MeasuredRun): MemoryPair | null {
  if (run.memory.length === 0) return null;
  const { stages } = estimate(run.problem, run.plan);
  const pairs = run.memory.map(({ bytes, kind, rank }) => {
    const held = stages
      .map(({ memory, devices }) => ({
        devices,
        estimated:
          kind === 'allocated'
            ? memory.allocatedBytes
            : kind === 'reserved'
              ? memory.reservedBytes
              : memory.deviceBytes,
      }))
      .filter((_, at) => rank === undefined || at === stageOf(stages, rank));
    return { kind, measured: bytes, estimated: Math.max(...held.map(({ estimated }) => estimated)) };
  });
  return pairs.reduce((a, b) => (b.measured / b.estimated > a.measured / a.estimated ? b : a));
}

/** Ranks are numbered stage by stage, the pipeline outermost; one that is on none is of the first. */
function stageOf(stages: readonly { readonly devices: number }[], rank: number): number {
  let end = 0;
  const at = stages.findIndex(({ devices }) => {
    end += devices;
    return rank < end;
  });
  return Math.max(0, at);
}

/**
 * A plan said to fit must fit: the factor is that of the run that held most over its estimate, and never below one.
 */
export function memoryFit(pairs: readonly MemoryPair[]): MemoryFit {
  if (pairs.length === 0) return { factor: null, refused: 'no run says how much memory it held' };
  const most = Math.max(...pairs.map(({ measured, estimated }) => measured / estimated));
  if (most > 1) return { factor: short(most), refused: null };
  return {
    factor: null,
    refused: `no run held more than estimated (at most ${formatPercent(1 - most)} less): estimates are never lowered`,
  };
}
