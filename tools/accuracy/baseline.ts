import type { Coverage } from '../../src/accuracy/coverage.ts';
import type { LayerSummary } from '../../src/accuracy/layer-score.ts';
import type { Summary } from '../../src/accuracy/summary.ts';

/** Per cent, one decimal, by group: what CI holds later versions to. */
export interface Baseline {
  readonly time: Readonly<Record<string, number>>;
  readonly memory: Readonly<Record<string, number>>;
  /** Of single layers' kernels: their times by GPU, and the speed ratio of two GPU types. */
  readonly layers: Readonly<Record<string, number>>;
  /** Runs outside the printed band by kind, GPU and extent, and its mean width: neither is bought with the other. */
  readonly outside: Readonly<Record<string, number>>;
  readonly band: Readonly<Record<string, number>>;
}

const round = (share: number) => Math.round(1000 * share) / 10;

export function baselineOf(summary: Summary, layers: LayerSummary): Baseline {
  const entries = Object.entries(summary.groups);
  const ofCoverage = (of: (one: Coverage) => number) =>
    Object.fromEntries(Object.entries(summary.coverage).map(([name, one]) => [name, round(of(one))]));
  return {
    time: Object.fromEntries(
      entries.flatMap(([group, { time }]) => (time.mape === null ? [] : [[group, round(time.mape)]])),
    ),
    memory: Object.fromEntries(
      entries.flatMap(([group, { memory }]) => (memory.mape === null ? [] : [[group, round(memory.mape)]])),
    ),
    layers: layerBaseline(layers),
    outside: ofCoverage(({ leftOut }) => 1 - leftOut),
    band: ofCoverage(({ band }) => band),
  };
}

function layerBaseline({ byGpu, ratio }: LayerSummary): Baseline['layers'] {
  const named = [
    ...Object.entries(byGpu).flatMap(([gpu, kinds]) =>
      Object.entries(kinds).map(([kind, { error }]) => [`${gpu} ${kind}`, error] as const),
    ),
    ...Object.entries(ratio).map(([kind, { error }]) => [`speed ratio ${kind}`, error] as const),
  ];
  return Object.fromEntries(named.flatMap(([name, error]) => (error === null ? [] : [[name, round(error)]])));
}

/** Points by which a group may be worse before CI says no. */
const TOLERANCE = 0.3;

/** Groups that got worse, in words. */
export function worse(now: Baseline, before: Baseline): string[] {
  return (['time', 'memory', 'layers', 'outside', 'band'] as const).flatMap((kind) =>
    Object.entries(before[kind]).flatMap(([group, value]) => {
      const current = now[kind][group];
      if (current === undefined) return [`${kind} of ${group} is no longer scored`];
      return current > value + TOLERANCE ? [`${kind} of ${group}: ${current} %, was ${value} %`] : [];
    }),
  );
}
