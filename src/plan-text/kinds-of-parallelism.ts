import { type Plan, replicasOf } from '../domain/plan.ts';
import { degreesOf, widestOf } from './degrees.ts';

/**
 * What a plan splits a model by, beside copies of it: `['TP', 'PP']`; stages or pipelines that are not shaped alike are one more. Each is
 * one more thing to set up, to watch and to debug.
 */
export function kindsOfParallelism(plan: Plan): string[] {
  const { cp, pp, ep, etp } = degreesOf(plan);
  const used: readonly (readonly [string, boolean])[] = [
    ['TP', widestOf(plan).tp > 1],
    ['CP', cp > 1],
    ['PP', pp > 1],
    ['EP', ep > 1],
    ['ETP', etp > 1],
    ['unlike stages', shapesOf(plan).size > 1],
    ['unlike pipelines', plan.pipelines.length > 1],
  ];
  return used.flatMap(([name, uses]) => (uses ? [name] : []));
}

function shapesOf({ pipelines }: Plan): ReadonlySet<string> {
  const [{ stages }] = pipelines as readonly [Plan['pipelines'][number]];
  return new Set(stages.flatMap((stage) => stage.replicas.map(({ tp }) => `${tp}, ${replicasOf(stage)}`)));
}
