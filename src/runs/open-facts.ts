import type { Stack } from '../domain/stack.ts';
import { hybridStack } from './hybrids.ts';
import type { Row } from './row.ts';

/** Share of experts' exchanges that another micro-batch's compute hides (Megatron's --overlap-moe-expert-parallel-comm). */
export const EXPERTS_OVERLAPPED = 0.88;

/**
 * What may have been switched on where a row of experts on Megatron Core says nothing of its recipe: DeepEP, exchanges beside another
 * micro-batch (Megatron Core 0.13, 2025), and whole iterations in graphs (see wholeIteration). As with recomputation, the
 * fastest that fits stands for it. Tokens dropped go by all-to-all, without such overlap (Megatron Bridge's recipes).
 */
export function openStacks(stack: Stack, row: Row, assumptions: string[]): Stack[] {
  const { config, model } = row;
  const facts = row.stack ?? {};
  if (model.hybrid) return [hybridStack(stack, row)];
  const told = Object.keys(config.recipe ?? {}).length > 0 || facts.moeDispatcher || facts.cudaGraphs;
  if (!model.moe || (config.ep ?? 1) === 1 || stack.id !== 'megatron-core' || told) return [stack];
  if (stack.routing === 'token-drop' || (row.year ?? 2024) < 2025) return [stack];
  assumptions.push('dispatcher of experts, its overlap and graphs not stated: best of those there are');
  const overlaps = config.recompute !== 'full' && ((config.pp ?? 1) === 1 || (config.vpp ?? 1) > 1);
  const stacks: Stack[] = [stack];
  if (stack.moeDispatcher === 'alltoall') stacks.push({ ...stack, moeDispatcher: 'deepep' });
  if (overlaps)
    stacks.push(
      ...stacks.map((one) => ({ ...one, overlap: { ...one.overlap, expertParallel: EXPERTS_OVERLAPPED } })),
    );
  if (capturesWhole(row))
    stacks.push(...stacks.map((one) => wholeIteration({ ...one, cudaGraphs: 'full' }, row)));
  return stacks;
}

/** Of dropless experts: the grouped MXFP8 kernels of Transformer Engine on Blackwell read their sizes on the device (2026). */
function capturesWhole({ config, year }: Row): boolean {
  return config.precision === 'mxfp8' && (year ?? 2024) >= 2026;
}

/**
 * Recipes of Megatron Bridge that capture whole MXFP8 iterations work out attention in fp8 too (fp8_dot_product_attention; perf_recipes
 * of DeepSeek-V3, Qwen3 and gpt-oss at NVIDIA-NeMo/Megatron-Bridge, 2026).
 */
export function wholeIteration(stack: Stack, row: Row): Stack {
  return row.model.moe && stack.cudaGraphs === 'full' && capturesWhole(row)
    ? { ...stack, attentionFormat: 'fp8' }
    : stack;
}
