import { type Coverage, coverageOf, type LeftOut } from './coverage.ts';
import { DATA_CENTRE } from './data-centre.ts';
import { type GpuScore, makersOf } from './makers.ts';
import { mape, median, quantile, regret, spearman } from './metrics.ts';
import type { Scored } from './score.ts';

interface TimeScore {
  readonly rows: number;
  readonly mape: number | null;
  readonly bias: number | null;
  readonly p90: number | null;
}

interface MemoryScore {
  readonly rows: number;
  readonly mape: number | null;
  readonly worstUnder: number | null;
  readonly worstOver: number | null;
}

export interface Summary {
  readonly rows: number;
  readonly scored: number;
  readonly inexpressible: number;
  readonly unscored: number;
  readonly groups: Readonly<Record<string, { readonly time: TimeScore; readonly memory: MemoryScore }>>;
  /** Mean over groups. */
  readonly macro: { readonly time: number | null; readonly memory: Readonly<Record<string, number | null>> };
  readonly slices: Readonly<Record<string, TimeScore>>;
  /** By maker, then by GPU. */
  readonly makers: Readonly<Record<string, Readonly<Record<string, GpuScore>>>>;
  /** How often the printed band holds, by kind of run, GPU and extent. */
  readonly coverage: Readonly<Record<string, Coverage>>;
  readonly memoryByKind: Readonly<Record<string, MemoryScore>>;
  /** Sweeps of at least three rows of one workload. */
  readonly ranking: {
    readonly sweeps: number;
    readonly spearman: number | null;
    readonly topOneRegret: number | null;
    readonly worstTopOneRegret: number | null;
    readonly bestOfThreeRegret: number | null;
  };
  /** Predicted to fit, but ran out of memory; and the other way about, among rows with measured memory. */
  readonly falseFits: readonly string[];
  readonly falseRejections: readonly string[];
}

export function summarise(rows: readonly Scored[], leftOut: LeftOut = {}): Summary {
  const scored = rows.filter((row) => row.status === 'scored');
  const groups = [...new Set(scored.map((row) => row.group))].sort();
  const byGroup = Object.fromEntries(
    groups.map((group) => {
      const own = scored.filter((row) => row.group === group);
      return [group, { time: timeScore(own), memory: memoryScore(own) }];
    }),
  );
  const kinds = [
    ...new Set(scored.filter((row) => row.memoryError !== undefined).map((row) => row.memoryKind!)),
  ].sort();
  return {
    rows: rows.length,
    scored: scored.length,
    inexpressible: rows.filter((row) => row.status === 'inexpressible').length,
    unscored: rows.filter((row) => row.status === 'unscored').length,
    groups: byGroup,
    macro: {
      time: mean(Object.values(byGroup).map(({ time }) => time.mape)),
      memory: Object.fromEntries(
        kinds.map((kind) => [
          kind,
          mean(
            groups.map(
              (g) => memoryScore(scored.filter((row) => row.group === g && row.memoryKind === kind)).mape,
            ),
          ),
        ]),
      ),
    },
    slices: Object.fromEntries(
      Object.entries(SLICES).map(([name, member]) => [name, timeScore(scored.filter(member))]),
    ),
    makers: makersOf(scored),
    coverage: coverageOf(scored, leftOut),
    memoryByKind: Object.fromEntries(
      kinds.map((kind) => [kind, memoryScore(scored.filter((row) => row.memoryKind === kind))]),
    ),
    ranking: rankingOf(scored),
    falseFits: rows
      .filter(
        (row) => row.row.outcome === 'oom' && row.verdict !== undefined && row.verdict !== 'does-not-fit',
      )
      .map((row) => row.id),
    falseRejections: scored
      .filter(
        (row) =>
          row.measuredPeakBytes !== undefined && row.row.outcome !== 'oom' && row.verdict === 'does-not-fit',
      )
      .map((row) => row.id),
  };
}

const NARROW = new Set(['fp8', 'mxfp8', 'nvfp4']);

const SLICES: Readonly<Record<string, (row: Scored) => boolean>> = {
  'dense bf16/fp16, TP ≤ 8, tier A': ({ row, tier }) =>
    !row.model.moe && !NARROW.has(row.config.precision ?? '') && (row.config.tp ?? 1) <= 8 && tier === 'A',
  MoE: ({ row }) => Boolean(row.model.moe),
  'fp8 and narrower, dense': ({ row }) => !row.model.moe && NARROW.has(row.config.precision ?? ''),
  'AMD, consumer and older GPUs': ({ row }) => !DATA_CENTRE.test(row.hardware.gpu),
  FSDP: ({ row }) => row.config.optimizerSharding === 3,
  'tier A': ({ tier }) => tier === 'A',
  'tier B': ({ tier }) => tier === 'B',
};

function timeScore(rows: readonly Scored[]): TimeScore {
  const errors = rows.flatMap((row) => (row.stepError === undefined ? [] : [row.stepError]));
  return {
    rows: errors.length,
    mape: mape(errors),
    bias: median(errors),
    p90: quantile(errors.map(Math.abs), 0.9),
  };
}

function memoryScore(rows: readonly Scored[]): MemoryScore {
  const errors = rows.flatMap((row) => (row.memoryError === undefined ? [] : [row.memoryError]));
  if (errors.length === 0) return { rows: 0, mape: null, worstUnder: null, worstOver: null };
  return {
    rows: errors.length,
    mape: mape(errors),
    worstUnder: Math.min(0, ...errors),
    worstOver: Math.max(0, ...errors),
  };
}

function rankingOf(scored: readonly Scored[]): Summary['ranking'] {
  const sweeps = new Map<string, Scored[]>();
  for (const row of scored) {
    if (row.stepError === undefined || !row.row.workload) continue;
    sweeps.set(row.row.workload, [...(sweeps.get(row.row.workload) ?? []), row]);
  }
  const lists = [...sweeps.values()].filter((rows) => rows.length >= 3);
  const each = (of: (predicted: number[], measured: number[]) => number | null) =>
    lists.flatMap(
      (rows) =>
        of(
          rows.map((r) => r.predictedStepSeconds!),
          rows.map((r) => r.measuredStepSeconds!),
        ) ?? [],
    );
  const one = each((p, m) => regret(p, m));
  return {
    sweeps: lists.length,
    spearman: mean(each(spearman)),
    topOneRegret: mean(one),
    worstTopOneRegret: one.length === 0 ? null : Math.max(...one),
    bestOfThreeRegret: mean(each((p, m) => regret(p, m, 3))),
  };
}

function mean(values: readonly (number | null)[]): number | null {
  const some = values.filter((value) => value !== null);
  return some.length === 0 ? null : some.reduce((a, b) => a + b, 0) / some.length;
}
