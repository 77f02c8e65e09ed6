import type { Outline } from '../../domain/legality.ts';
import type { Plan, Techniques } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import type { Reason } from '../../domain/reason.ts';
import { recompute } from '../../techniques/recompute.ts';

/** One constraint of a framework. */
export interface Rule {
  (problem: Problem, plan: Plan): Reason | null;
  /** It depends on how many layers stages have: of a plan that is not cut it says nothing. */
  readonly ofLayers?: true;
  /** It asks of nothing but techniques: of every choice of a search at once. */
  readonly ofTechniques?: TechniquesRule;
}

type TechniquesRule = (techniques: Techniques) => Reason | null;

export function ofLayers(rule: Rule): Rule {
  return Object.assign((problem: Problem, plan: Plan) => rule(problem, plan), { ofLayers: true as const });
}

export function ofTechniques(rule: TechniquesRule): Rule {
  return Object.assign((_: Problem, { techniques }: Plan) => rule(techniques), { ofTechniques: rule });
}

/** One that no split can mend. */
export type ProblemRule = (problem: Problem) => Reason | null;

/** A constraint on which GPUs serve the stages and how copies share the batch, whatever the layers. */
export type OutlineRule = (problem: Problem, outline: Outline) => Reason | null;

/** A refusal: what the plan has, what the framework takes, and what might help. */
export function no(rule: string, actual: string, limit: string, hint?: string): Reason {
  return hint === undefined ? { rule, actual, limit } : { rule, actual, limit, hint };
}

/** Recomputation is a switch of the whole model: on or off. */
export const recomputeAllOrNothing = ofTechniques((techniques) => {
  const { mode, layersPerStage } = recompute.of(techniques);
  return mode === 'selective' || layersPerStage !== null
    ? no(
        'recompute',
        mode === 'selective' ? 'selective recomputation' : 'full recomputation of some layers',
        'none, or full of all layers',
        'Maybe --launcher megatron.',
      )
    : null;
});

export function excludedBy(rules: readonly ProblemRule[], problem: Problem): Reason | null {
  for (const rule of rules) {
    const reason = rule(problem);
    if (reason !== null) return reason;
  }
  return null;
}

export function firstBroken(rules: readonly Rule[], problem: Problem, plan: Plan): Reason | null {
  for (const rule of rules) {
    const reason = rule(problem, plan);
    if (reason !== null) return reason;
  }
  return null;
}
