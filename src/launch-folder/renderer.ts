import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { LaunchFile, RenderContext } from './launch-file.ts';
import type { RankOrder } from './ranks.ts';

/** Whose folder it is: what the files beside its own say of a framework. */
export interface Renderer {
  readonly id: string;
  readonly name: string;
  /** Only for plans that it does not reject. */
  render(problem: Problem, plan: Plan, context: RenderContext): readonly LaunchFile[];
  /** How it numbers its ranks; left out: as Megatron-LM does. */
  readonly rankOrder?: RankOrder;
  /** Left out: what it renders is not read back. */
  readonly reader?: { readonly file: string };
  /** What its folder's README says beside, an entry each. */
  readonly notes?: (problem: Problem, plan: Plan) => readonly string[];
}
