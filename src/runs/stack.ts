import { listStacks, loadStack } from '../catalogue/stacks.ts';
import {
  ATTENTION_KERNELS,
  CASTS,
  PIPELINE_TRANSFERS,
  type Stack,
  UPDATED_WEIGHTS,
} from '../domain/stack.ts';
import { EXPERTS_OVERLAPPED, wholeIteration } from './open-facts.ts';
import { statesOfRow } from './optimizer.ts';
import type { Row } from './row.ts';

/** What a row says of its software, over the stack that it names. */
export function stackOf(row: Row, assumptions: string[]): Stack {
  const facts = row.stack ?? {};
  const named = facts.name && listStacks().includes(facts.name) ? facts.name : 'generic';
  if (named !== facts.name) assumptions.push('software stack generic');
  const stack = loadStack(named === 'torch-fsdp2' && compiles(row) ? 'torch-fsdp2-compiled' : named);
  const stated = ATTENTION_KERNELS.find((one) => one === facts.attentionKernel);
  const kernel = stated ?? (facts.attentionKernel === 'flash' ? flashOf(stack, row) : stack.attentionKernel);
  const graphs = { none: 'none', partial: 'partial', 'full-iteration': 'full' }[facts.cudaGraphs ?? ''] as
    | Stack['cudaGraphs']
    | undefined;
  const found: Stack = {
    ...stack,
    attentionKernel: kernel,
    dropoutMasks: facts.dropout ?? stack.dropoutMasks,
    lossKernel: (facts.lossKernel as Stack['lossKernel'] | null | undefined) ?? stack.lossKernel,
    gradAccumulationFusion: facts.gradAccumulationFusion ?? stack.gradAccumulationFusion,
    state: statesOfRow(row, stack.state),
    cudaGraphs: graphs ?? stack.cudaGraphs,
    routing: routingOf(row) ?? stack.routing,
    overlap: overlapOf(stack, row),
    ...(accumulatesWhole(row) ? { accumulatesWhole: true } : {}),
    moeDispatcher: dispatcherOf(facts.moeDispatcher) ?? usualDispatcher(stack, row, assumptions),
    compiled: row.config.torchCompile ?? stack.compiled,
    ...(facts.elementwise === 'eager' || facts.elementwise === 'fused'
      ? { elementwise: facts.elementwise }
      : {}),
    ...factOf('casts', CASTS, facts),
    ...factOf('updatedWeights', UPDATED_WEIGHTS, facts),
    ...factOf('pipelineTransfers', PIPELINE_TRANSFERS, facts),
    ...(facts.shardedEnds === 'apart' || facts.shardedEnds === 'with-root'
      ? { shardedEnds: facts.shardedEnds }
      : {}),
  };
  return wholeIteration(found, row);
}

/** A fact of the stack as a row has it; nothing where it says nothing, or another word. */
function factOf<K extends 'casts' | 'updatedWeights' | 'pipelineTransfers'>(
  key: K,
  words: readonly string[],
  facts: NonNullable<Row['stack']>,
): Partial<Pick<Stack, K>> {
  const word = facts[key] ?? null;
  return word !== null && words.includes(word) ? ({ [key]: word } as Partial<Pick<Stack, K>>) : {};
}

/** What it says, or what async tensor parallelism needs. */
function compiles({ config: { torchCompile, overlapWords } }: Row): boolean {
  return torchCompile ?? /async TP/.test(overlapWords ?? '');
}

function routingOf({ stack, notes }: Row): Stack['routing'] | undefined {
  const words = /token-drop MoE/.test(notes ?? '') ? 'token-drop' : stack?.routing;
  if (words === 'natural' || words === 'token-drop') return words;
  return words === 'forced-balanced' ? 'balanced' : undefined;
}

/** Without a second micro-batch there is nothing to add up. */
function accumulatesWhole({ config, hardware }: Row): boolean {
  const ranks = config.dp ?? hardware.gpus / ((config.tp ?? 1) * (config.pp ?? 1) * (config.cp ?? 1));
  const several = (config.globalBatch ?? 0) > (config.microBatch ?? 0) * ranks;
  return several && /no_sync keeps whole/.test(config.overlapWords ?? '');
}

/**
 * Overlap switches the source states. Whether tensor parallelism ran over userbuffers most do not: the share that is fitted to all of
 * them stands for those.
 */
function overlapOf(stack: Stack, { config }: Row): Stack['overlap'] {
  const words = config.overlapWords ?? '';
  const average = /tp-comm-overlap/.test(words) ? undefined : stack.overlap.userbuffers;
  const tensor = /tp_linear_async|TP async/i.test(words)
    ? Math.max(stack.overlap.tensorParallel, 0.48)
    : (average ?? stack.overlap.tensorParallel);
  const expert = config.recipe?.moe_a2a_overlap === true ? EXPERTS_OVERLAPPED : stack.overlap.expertParallel;
  const data = /no overlap_comm/.test(words) ? 0 : stack.overlap.dataParallel;
  return { ...stack.overlap, dataParallel: data, tensorParallel: tensor, expertParallel: expert };
}

/** Racks of one scale-up domain came with HybridEP, which needs one, recipes of experts on FSDP with DeepEP (NeMo AutoModel); elsewhere the stack's own. */
function usualDispatcher(stack: Stack, row: Row, assumptions: string[]) {
  const { model, hardware, config } = row;
  if (!(model.moe || model.hybrid) || (config.ep ?? 1) === 1) return stack.moeDispatcher;
  const rack = (hardware.fastDomainGpus ?? 0) > (hardware.gpusPerNode ?? 8);
  const drops = routingOf(row) === 'token-drop';
  const usual = drops
    ? 'alltoall'
    : rack && stack.id === 'megatron-core'
      ? 'hybridep'
      : stack.fullySharded
        ? 'deepep'
        : stack.moeDispatcher;
  assumptions.push(`MoE dispatcher ${usual}`);
  return usual;
}

function dispatcherOf(words: string | null | undefined): Stack['moeDispatcher'] | undefined {
  if (!words) return undefined;
  if (/hybrid/.test(words)) return 'hybridep';
  if (/deepep/.test(words)) return 'deepep';
  return /gather/.test(words) ? 'allgather' : 'alltoall';
}

/** The stack's own generation; of an unnamed stack what was current that year. */
function flashOf(stack: Stack, row: Row): Stack['attentionKernel'] {
  if (stack.attentionKernel !== 'unfused' && stack.id !== 'generic') return stack.attentionKernel;
  const year = row.year ?? 2024;
  return year <= 2022 ? 'flash1' : year <= 2023 ? 'flash2' : 'flash3';
}
