import type { ModelSpec } from '../../domain/model.ts';
import type { Problem } from '../../domain/problem.ts';
import { expertsOf, isMoe } from '../../layers/layer.ts';
import { divisors, type Frame, type Layout } from './frame.ts';
import { type SearchOptions, within } from './options.ts';

/** The layouts of a frame: one for a dense model, one for each way to place the experts of a sparse one. */
export function layoutsOf(problem: Problem, frame: Frame, options: SearchOptions): Layout[] {
  return expertSizes(problem.model, frame, options)
    .filter(({ ep, etp }) => within(options, 'ep', ep) && within(options, 'etp', etp))
    .map(({ ep, etp }) => ({ ...frame, ep, etp }));
}

/** Expert-parallel sizes that tile every stage: experts divisible, ep · etp dividing the devices of a stage. */
function expertSizes(
  model: ModelSpec,
  { runs, tp, cp, dp }: Frame,
  options: SearchOptions,
): { ep: number; etp: number }[] {
  if (!isMoe(model)) return [{ ep: 1, etp: 1 }];
  const experts = Math.min(...expertsOf(model));
  const tensor = tp > 1 || options.fix.counts.etp !== undefined ? [1, tp] : [1];
  return tensor.flatMap((etp) =>
    divisors(experts)
      .filter((ep) => runs.every((run) => (run.tp * cp * dp) % (ep * etp) === 0))
      .map((ep) => ({ ep, etp })),
  );
}
