import type { ModelSpec } from '../domain/model.ts';
import { asTrained } from '../layers/training/as-trained.ts';
import { trainingFrom } from '../plan-text/asked-training.ts';
import type { Row } from './row.ts';

/** The model as a row says that it was trained; notes what had to be assumed. */
export function trainedModel(model: ModelSpec, row: Row, assumptions: string[]): ModelSpec {
  const train = trainOf(row);
  const { rank, modules } = row.config.lora ?? {};
  const adapters = /lora/.test(train);
  if (adapters && !row.config.train) assumptions.push('LoRA, by its tag');
  const fused = adapters && !modules && /^megatron/.test(row.stack?.name ?? '');
  if (fused) assumptions.push(`adapters on ${FUSED}`);
  const training = trainingFrom(model, {
    train,
    ...(adapters && rank ? { 'lora-rank': String(rank) } : {}),
    ...(adapters && modules ? { 'lora-modules': modulesOf(modules) } : {}),
    ...(fused ? { 'lora-modules': FUSED } : {}),
  });
  if (training === null) return model;
  assumptions.push(...training.assumed);
  return asTrained(model, training);
}

/** What Megatron-Bridge's performance recipes adapt (src/megatron/bridge/perf_recipes/llama, commit 067f987), where a row does not say. */
const FUSED = 'linear_qkv';

/** Whether a row is of anything but training all weights. */
export function trainsInPart(row: Row): boolean {
  return trainOf(row) !== 'full';
}

/** As --train has it. */
function trainOf({ config: { train }, tags }: Row): string {
  if (typeof train === 'string') return train;
  if (train)
    return Object.entries(train)
      .map(([part, how]) => `${part}=${how}`)
      .join(',');
  return tags?.includes('lora') === true ? 'lora' : 'full';
}

function modulesOf(stated: string | readonly string[]): string {
  if (typeof stated !== 'string') return stated.join(',');
  return /^all\b/i.test(stated) ? 'all' : stated;
}
