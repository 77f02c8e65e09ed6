import { type LayerTimes, predicted } from './layer-times.ts';
import { mape, median } from './metrics.ts';

/** One batch of a published layer, held against the evaluator: forward and backward together. */
export interface ScoredLayer {
  readonly row: LayerTimes;
  readonly batch: number;
  /** Where a source has several batches: the smallest and the largest of a layer. */
  readonly size: 'small' | 'large' | 'between';
  readonly measuredMs: number;
  readonly predictedMs: number;
}

interface Share {
  readonly pairs: number;
  readonly error: number | null;
}

export interface LayerSummary {
  readonly byGpu: Readonly<Record<string, Readonly<Record<string, LayerError>>>>;
  readonly layers: number | null;
  /** Mean error of how much faster one GPU is than another at the same layer and batch: all pairs. */
  readonly ratio: Readonly<Record<string, Share>>;
}

interface LayerError {
  readonly points: number;
  readonly error: number | null;
  readonly bias: number | null;
}

const SMALL = 1;
const LARGE = 8;

/** Points with a time of zero or less are where a straight line was drawn too far: left out. */
export function scoreLayers(rows: readonly LayerTimes[]): ScoredLayer[] {
  return rows.flatMap((row) =>
    row.points.flatMap(([batch, forward, backward]) => {
      if (forward <= 0 || backward <= 0) return [];
      const at = predicted(row, batch);
      const size =
        batch <= SMALL ? ('small' as const) : batch >= LARGE ? ('large' as const) : ('between' as const);
      const [measuredMs, predictedMs] = [forward + backward, at.forward + at.backward];
      return [{ row, batch, size, measuredMs, predictedMs }];
    }),
  );
}

const error = ({ measuredMs, predictedMs }: ScoredLayer) => predictedMs / measuredMs - 1;

export function summariseLayers(scored: readonly ScoredLayer[]): LayerSummary {
  const gpus = [...new Set(scored.map(({ row }) => row.gpu))].sort();
  const kinds = (['fp16', 'fp32'] as const).flatMap((precision) =>
    (['small', 'large'] as const).map((size) => ({ precision, size })),
  );
  const of = (precision: string, size: string, all: readonly ScoredLayer[]) =>
    all.filter((one) => one.row.precision === precision && one.size === size);
  return {
    byGpu: Object.fromEntries(
      gpus.map((gpu) => {
        const own = scored.filter(({ row }) => row.gpu === gpu);
        return [
          gpu,
          Object.fromEntries(
            kinds.map(({ precision, size }) => [`${precision} ${size}`, errorsOf(of(precision, size, own))]),
          ),
        ];
      }),
    ),
    layers: mape(scored.map(error)),
    ratio: {
      all: ratioError(scored),
      ...Object.fromEntries(
        kinds.map(({ precision, size }) => [`${precision} ${size}`, ratioError(of(precision, size, scored))]),
      ),
    },
  };
}

function errorsOf(scored: readonly ScoredLayer[]): LayerError {
  const errors = scored.map(error);
  return { points: errors.length, error: mape(errors), bias: median(errors) };
}

/** By how much the larger of predicted and measured ratio exceeds the other, mean over pairs of unlike GPUs. */
function ratioError(scored: readonly ScoredLayer[]): Share {
  const alike = new Map<string, ScoredLayer[]>();
  for (const one of scored) {
    const { model, tokens, precision } = one.row;
    const key = [model.name, tokens, precision, one.batch].join();
    alike.set(key, [...(alike.get(key) ?? []), one]);
  }
  const logs: number[] = [];
  for (const points of alike.values())
    for (const [i, a] of points.entries())
      for (const b of points.slice(i + 1)) {
        if (a.row.gpu === b.row.gpu) continue;
        logs.push(Math.abs(Math.log(a.predictedMs / b.predictedMs / (a.measuredMs / b.measuredMs))));
      }
  return { pairs: logs.length, error: mape(logs.map(Math.expm1)) };
}
