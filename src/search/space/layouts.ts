import type { ModelSpec } from '../../domain/model.ts';
import type { Problem } from '../../domain/problem.ts';
import { expertsOf, isMoe } from '../../layers/layer.ts';
import { rememberedOf } from '../../units/remembered.ts';
import { divisors, type Frame, type Layout } from './frame.ts';
import { type SearchOptions, within } from './options.ts';

/** The layouts of a frame: one for a dense model, one for each way to place the experts of a sparse one. */
export function layoutsOf(problem: Problem, frame: Frame, options: SearchOptions): Layout[] {
  return allowedSizes(problem, frame, options).map(({ ep, etp }) => ({ ...frame, ep, etp }));
}

export function layoutCount(problem: Problem, frame: Frame, options: SearchOptions): number {
  return allowedSizes(problem, frame, options).length;
}

/** Whether a model has experts to place: kernels depend on where they are. */
export function placesExperts(model: ModelSpec): boolean {
  return isMoe(model);
}

interface ExpertSizes {
  readonly ep: number;
  readonly etp: number;
}

function allowedSizes({ model }: Problem, frame: Frame, options: SearchOptions): readonly ExpertSizes[] {
  return expertSizes(model, frame, options).filter(
    ({ ep, etp }) => within(options, 'ep', ep) && within(options, 'etp', etp),
  );
}

const WHOLE: readonly ExpertSizes[] = [{ ep: 1, etp: 1 }];

/** Sizes that the experts of a model divide into; null: it has none. */
const divided = new WeakMap<ModelSpec, { readonly sizes: readonly number[] | null }>();

/** Expert-parallel sizes that tile every stage: experts divisible, ep · etp dividing the devices of a stage. */
function expertSizes(
  model: ModelSpec,
  { runs, tp, cp, dp }: Frame,
  options: SearchOptions,
): readonly ExpertSizes[] {
  const { sizes } = rememberedOf(divided, model, () => ({
    sizes: isMoe(model) ? divisors(Math.min(...expertsOf(model))) : null,
  }));
  if (sizes === null) return WHOLE;
  const tensor = tp > 1 || options.fix.counts.etp !== undefined ? [1, tp] : [1];
  return tensor.flatMap((etp) =>
    sizes
      .filter((ep) => runs.every((run) => (run.tp * cp * dp) % (ep * etp) === 0))
      .map((ep) => ({ ep, etp })),
  );
}
