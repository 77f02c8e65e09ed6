import { type DocumentOf, documentSchema } from '../document/document-schema.ts';
import {
  closed,
  count,
  list,
  named,
  number,
  numberOrNull,
  positive,
  some,
  text,
  texts,
} from '../document/shapes.ts';
import { shared } from '../document/shared.ts';
import { RUN_KINDS } from '../domain/calibration.ts';

const factor = { type: 'number', minimum: 0.05, maximum: 20 } as const;

/** What corrects estimates, and what it stands for: in a calibration, and in a plan that was made with it. */
const facts = {
  name: text,
  stack: { ...text, description: 'Id of the software stack that ran.' },
  gpus: { ...some(text), description: 'Ids of the GPUs that it ran on.' },
  networks: { ...texts, description: 'Ids of the links between nodes.' },
  intraNodes: { ...texts, description: 'Ids of the links inside nodes.' },
  kinds: list({ enum: RUN_KINDS }),
  gpuCounts: {
    ...closed({ least: positive, most: positive }),
    description: 'Of the smallest and the largest run.',
  },
  runs: { ...count, description: 'Configurations that differ.' },
  steps: { type: ['integer', 'null'], description: 'Training steps that were measured; null: not stated.' },
  factors: {
    ...closed({}, { time: factor, network: factor, intraNode: factor, memory: { ...factor, minimum: 1 } }),
    description:
      'Of the whole step, of the bandwidth between nodes and inside them, of allocated bytes; left out: 1.',
  },
  band: {
    ...numberOrNull,
    description: 'Relative error that four of five runs stayed within while left out; null: too few runs.',
  },
} as const;

export const calibrationFacts = shared('calibration', closed(facts));

const run = closed({
  name: text,
  stepSeconds: number,
  steps: { type: ['integer', 'null'] },
  spread: { ...numberOrNull, description: 'Half of the steps lie within this share of the median.' },
  estimatedSeconds: number,
  calibratedSeconds: number,
  leftOutSeconds: { ...numberOrNull, description: 'With factors that the other runs alone say.' },
});

const memory = closed({
  name: text,
  kind: { enum: ['allocated', 'reserved', 'device'] },
  measuredBytes: number,
  estimatedBytes: number,
});

/** What `calibrate` writes and --calibration reads. */
export const calibrationSchema = documentSchema({
  $id: 'shardwright.calibration/1',
  title: "What a user's own runs say of the estimates: written by calibrate, read by --calibration",
  ...closed(
    { schema: { const: 'shardwright.calibration/1' }, ...facts },
    {
      toolVersion: text,
      error: {
        ...closed({ before: numberOrNull, after: numberOrNull, leftOut: numberOrNull }),
        description:
          'Mean error of step times as estimated, with the factors, and of runs left out of the fit.',
      },
      refused: { ...named(text), description: 'Factors that were not fitted, and why.' },
      measured: list(run),
      memory: list(memory),
      unused: { ...texts, description: 'Runs that nothing could be learnt from, and why.' },
    },
  ),
});

export type CalibrationDocument = DocumentOf<typeof calibrationSchema>;
