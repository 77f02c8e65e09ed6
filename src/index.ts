/** The library: read, plan, estimate, launch. */
export { loadCluster } from './catalogue/clusters.ts';
export { loadGpu } from './catalogue/gpus.ts';
export { loadLink } from './catalogue/links.ts';
export { loadModel } from './catalogue/models.ts';
export { loadStack } from './catalogue/stacks.ts';
export type { Cluster } from './domain/cluster.ts';
export type { Estimate } from './domain/estimate.ts';
export { InputError } from './domain/input-error.ts';
export type { ModelSpec } from './domain/model.ts';
export type { Plan } from './domain/plan.ts';
export type { Problem } from './domain/problem.ts';
export type { SearchResult } from './domain/search-result.ts';
export { estimate } from './evaluate/estimate.ts';
export { LAUNCHERS } from './frameworks/index.ts';
export { countParameters } from './layers/parameters.ts';
export { parseConfiguration } from './plan-text/configuration.ts';
export { planOf } from './plan-text/plan-of.ts';
export { search } from './search/search.ts';
