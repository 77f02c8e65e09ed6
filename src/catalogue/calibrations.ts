import { stringify } from 'yaml';
import type { Calibration } from '../domain/calibration.ts';
import { type CalibrationDocument, calibrationSchema } from '../schema/calibration.ts';
import { readDocument, validateDocument } from './document.ts';

/** What a user's own runs say, as `shardwright calibrate` wrote it. Throws InputError. */
export function loadCalibration(path: string): Calibration {
  const document = readDocument(path);
  const {
    schema: _,
    toolVersion: __,
    error: ___,
    refused: ____,
    measured: _____,
    memory: ______,
    unused: _______,
    ...facts
  } = validateDocument(document, calibrationSchema);
  return facts;
}

/** The file, under a line that says where it is from. */
export function calibrationText(document: CalibrationDocument): string {
  const { runs, name, toolVersion } = document;
  const head = `# ${name}: ${runs} run${runs === 1 ? '' : 's'}, by shardwright ${toolVersion ?? ''} calibrate; for --calibration.`;
  return `${head}\n${stringify(document, { lineWidth: 0 })}`;
}
