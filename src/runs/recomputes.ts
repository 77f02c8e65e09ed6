import type { Problem } from '../domain/problem.ts';
import { RECOMPUTE_MODULES, type RecomputeModule } from '../layers/recompute-modules.ts';
import { FULL_RECOMPUTE, NO_RECOMPUTE, type Recompute, selective } from '../techniques/recompute.ts';
import type { Row } from './row.ts';

/** Megatron's --recompute-num-layers: so many layers of each stage. */
function layersRecomputed(recipe: Row['config']['recipe']): number | null {
  const stated = recipe?.recompute_num_layers;
  return typeof stated === 'number' ? stated : null;
}

/** What a row may have recomputed: one where it says so, else what there is to choose. */
export function recomputesOf(
  { config: c, stack }: Row,
  problem: Problem,
  assumptions: string[],
): Recompute[] {
  const some = layersRecomputed(c.recipe);
  const full = some === null ? FULL_RECOMPUTE : { ...FULL_RECOMPUTE, layersPerStage: some };
  if (c.recompute === 'none') return [NO_RECOMPUTE];
  if (c.recompute === 'full') return [full];
  if (c.recompute === 'selective') {
    const modules = (c.recomputeModules ?? (problem.stack.fullySharded ? ['op'] : ['core_attn'])).filter(
      (m): m is RecomputeModule => (RECOMPUTE_MODULES as readonly string[]).includes(m),
    );
    return [selective(...modules)];
  }
  assumptions.push('recomputation not stated: best of those that fit');
  const scores = stack?.attentionKernel === 'unfused' ? [selective('core_attn')] : [];
  // FSDP's checkpointing wraps all layers or none.
  const parts = problem.stack.fullySharded ? [] : partsOfStages(problem.model.layers.length / (c.pp ?? 1));
  return [NO_RECOMPUTE, ...scores, ...parts, full];
}

/** A quarter, a half and three quarters of each stage's layers. */
function partsOfStages(layers: number): Recompute[] {
  const some = [1, 2, 3].map((quarters) => Math.ceil((quarters * layers) / 4));
  return [...new Set(some)]
    .filter((count) => count < layers)
    .map((layersPerStage) => ({ ...FULL_RECOMPUTE, layersPerStage }));
}
