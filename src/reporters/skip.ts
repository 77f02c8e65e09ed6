import type { SkipDocument } from '../schema/skip.ts';
import { formatBytes, formatPercent, formatSeconds } from '../units/format.ts';
import { wrap } from '../units/wrap.ts';
import { grid, type Style } from './paint.ts';

export function skipTable(one: SkipDocument, { columns }: Style): string {
  const stages = one.stages.map((nodes, stage) => [`${stage}`, nodes.join(' ')]);
  const paths = one.paths.map((path) => [path[0]!, path.slice(1).join(' → ')]);
  const gain = one.full.secondsPerMicroBatch / one.skipping.secondsPerMicroBatch;
  const lines = [
    `${one.model} on ${one.cluster}: each micro-batch passes ${one.paths[0]!.length} of ${one.stages.length} stages.`,
    `Step ${formatSeconds(one.skipping.stepTimeSeconds)} of ${one.skipping.microBatches} micro-batches, the whole pipeline ${formatSeconds(one.full.stepTimeSeconds)} of ${one.full.microBatches}: a micro-batch ${gain.toFixed(2)}× as fast.`,
    `Memory of the fullest node: ${formatBytes(one.memoryBytes)} of ${formatBytes(one.memoryLimitBytes)}: ${one.verdict}.`,
    ...one.convergence.map((price) => `Convergence: ${price}.`),
    ...one.assumptions.map((assumption) => `Assumed: ${assumption}.`),
    `A search by annealing, from seed ${one.seed}: no proof that nothing better exists. Skipped: ${formatPercent(one.skipRatio)}.`,
  ].map((line) => wrap(line, columns));
  return `${lines[0]}\n\n${grid(['stage', 'nodes'], stages)}\n\n${grid(['from', 'path'], paths)}\n\n${lines.slice(1).join('\n')}\n`;
}
