import type { NodeGroup } from '../domain/cluster.ts';
import type { Problem } from '../domain/problem.ts';
import type { Settings, Shape } from '../domain/stage-cost.ts';
import { type Coefficients, coefficients } from '../hardware/coefficients.ts';
import type { LocalShape } from '../layers/local-shape.ts';
import { vocabularyRows } from '../layers/vocabulary.ts';
import { type Spans, spansOf } from '../techniques/spans.ts';

/** Everything the cost of one stage depends on, resolved once. */
export interface CostContext {
  readonly problem: Problem;
  readonly settings: Settings;
  readonly group: NodeGroup;
  readonly local: LocalShape;
  readonly spans: Spans;
  readonly dataParallel: number;
  readonly c: Coefficients;
}

const NARROW = new Set(['fp8', 'fp8-rowwise', 'mxfp8', 'nvfp4']);

export function costContext(
  problem: Problem,
  settings: Settings,
  shape: Shape,
  firstDevice?: number,
): CostContext {
  const { cluster, workload } = problem;
  const group = cluster.groups[shape.group] as NodeGroup;
  const sizes = {
    tensorParallel: shape.tensorParallel,
    contextParallel: settings.contextParallel,
    dataParallel: shape.dataParallel,
    expertParallel: settings.expertParallel,
    expertTensorParallel: settings.expertTensorParallel,
  };
  const narrow = NARROW.has(workload.precision);
  return {
    problem,
    settings,
    group,
    dataParallel: shape.dataParallel,
    spans: spansOf(cluster, firstDevice ?? group.firstDevice, sizes),
    c: coefficients(problem.coefficients),
    local: {
      tokens: (workload.sequenceLength * settings.microBatchSize) / settings.contextParallel,
      sequence: workload.sequenceLength,
      microBatch: settings.microBatchSize,
      tensorParallel: shape.tensorParallel,
      contextParallel: settings.contextParallel,
      expertParallel: settings.expertParallel,
      expertTensorParallel: settings.expertTensorParallel,
      sequenceParallel: settings.sequenceParallel && shape.tensorParallel > 1,
      vocabularyShards: settings.vocabularyShards,
      vocabularyRows: vocabularyRows(
        problem.model.vocabSize,
        problem.stack.vocabularyPadding,
        shape.tensorParallel * settings.vocabularyShards,
      ),
      elementBytes: 2,
      linearInputBytes: narrow ? 1 : 2,
    },
  };
}
