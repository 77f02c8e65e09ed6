import { packingFrom } from '../catalogue/packing.ts';
import { PRECISIONS, type Precision } from '../domain/dtype.ts';
import { asDriven } from '../domain/half-sums.ts';
import type { Problem } from '../domain/problem.ts';
import { withinSequence } from '../layers/within-sequence.ts';
import { clusterOf } from './cluster.ts';
import { hybridOf } from './hybrids.ts';
import { modelOf } from './model.ts';
import { openStacks } from './open-facts.ts';
import { optimizerOfRow } from './optimizer.ts';
import type { Row } from './row.ts';
import { stackOf } from './stack.ts';
import { trainedModel } from './training.ts';

/** The given side of a row under each of the facts of its stack that it leaves open: the first is what is usual. */
export function problemsOf(row: Row, assumptions: string[]): Problem[] {
  const problem = problemOf(row, assumptions);
  return openStacks(problem.stack, row, assumptions).map((stack) => ({ ...problem, stack }));
}

/** The given side of a row. Throws when the row cannot be expressed; notes what had to be assumed. */
export function problemOf(row: Row, assumptions: string[]): Problem {
  const hybrid = hybridOf(row, assumptions);
  for (const [name, value] of [
    ...(hybrid === null
      ? ([
          ['layers', row.model.layers],
          ['hidden', row.model.hidden],
          ['heads', row.model.heads],
        ] as const)
      : []),
    ['gpus', row.hardware.gpus],
  ] as const) {
    if (!Number.isInteger(value) || value < 1) throw new Error(`${name} not stated`);
  }
  if (typeof row.hardware.gpu !== 'string') throw new Error('gpu not stated');
  if (!row.sequenceLength || !row.config.globalBatch)
    throw new Error('sequence length or global batch not stated');
  return asDriven({
    model: trainedModel(
      withinSequence(hybrid ?? modelOf(row, assumptions), row.sequenceLength),
      row,
      assumptions,
    ),
    cluster: clusterOf(row, assumptions),
    stack: stackOf(row, assumptions),
    workload: {
      sequenceLength: row.sequenceLength,
      globalBatchSize: row.config.globalBatch,
      precision: precisionOf(row, assumptions),
      ...optimizerOfRow(row),
      headroom: 0,
      ...packed(row, row.sequenceLength, assumptions),
    },
  });
}

function packed({ config: { packing } }: Row, sequenceLength: number, assumptions: string[]) {
  if (!packing) return {};
  if (packing === true) {
    assumptions.push('packed samples of lengths not stated: attention over whole sequences');
    return {};
  }
  const text =
    typeof packing === 'string'
      ? packing
      : Object.entries(packing)
          .map(([key, value]) => `${key}=${value}`)
          .join(',');
  const found = packingFrom(text, sequenceLength)!;
  assumptions.push(...found.assumed);
  return { packing: found };
}

function precisionOf(row: Row, assumptions: string[]): Precision {
  const stated = row.config.precision;
  if (stated === 'fp8' && /row-?wise/i.test(row.config.fp8Recipe ?? '')) return 'fp8-rowwise';
  if (stated && (PRECISIONS as readonly string[]).includes(stated)) return stated as Precision;
  assumptions.push('precision bf16');
  return 'bf16';
}
