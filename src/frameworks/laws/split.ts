import type { Reason } from '../../domain/reason.ts';
import { layerLaw } from '../../layers/layer.ts';
import { degreesOf } from '../../search/label.ts';
import type { Rule } from './rule.ts';

/** Every part of every layer can be split as its stage is: the mathematics, whatever the framework. */
export const splitLaw: Rule = ({ model }, plan): Reason | null => {
  const { cp, ep, etp } = degreesOf(plan);
  const blocks = plan.pipelines.flatMap(({ stages }) => stages.flatMap(({ replicas }) => replicas));
  for (const tp of new Set(blocks.map(({ tensorParallel }) => tensorParallel))) {
    const broken = layerLaw(model, { tp, cp, ep, etp });
    if (broken !== null) return broken;
  }
  return null;
};
