import type { CalibrationDocument } from '../schema/calibration.ts';
import type { CalibratedRun, Calibrating } from './calibrate.ts';
import { short } from './fit.ts';

/** The shardwright.calibration/1 document: what corrects estimates first, then what it is from. */
export function calibrationDocument(
  { calibration, refused, runs, memory }: Calibrating,
  unused: readonly string[],
  toolVersion: string,
): CalibrationDocument {
  const { name, band, ...facts } = calibration;
  return {
    schema: 'shardwright.calibration/1',
    name,
    toolVersion,
    ...facts,
    band: band === null ? null : short(band),
    ...(runs.length === 0
      ? {}
      : {
          error: {
            before: meanError(runs, ({ estimated }) => estimated),
            after: meanError(runs, ({ calibrated }) => calibrated),
            leftOut: runs.length === 1 ? null : meanError(runs, ({ leftOut }) => leftOut!),
          },
        }),
    refused: refused as Readonly<Record<string, string>>,
    measured: runs.map(({ run, estimated, calibrated, leftOut }) => ({
      name: run.name,
      stepSeconds: short(run.seconds),
      steps: run.steps,
      spread: run.spread === null ? null : short(run.spread),
      estimatedSeconds: short(estimated),
      calibratedSeconds: short(calibrated),
      leftOutSeconds: leftOut === null ? null : short(leftOut),
    })),
    memory: memory.map(({ name, pair }) => ({
      name,
      kind: pair.kind,
      measuredBytes: Math.round(pair.measured),
      estimatedBytes: Math.round(pair.estimated),
    })),
    ...(unused.length === 0 ? {} : { unused }),
  };
}

function meanError(runs: readonly CalibratedRun[], of: (one: CalibratedRun) => number): number {
  const errors = runs.map((one) => Math.abs(of(one) / one.run.seconds - 1));
  return short(errors.reduce((sum, error) => sum + error, 0) / errors.length);
}
