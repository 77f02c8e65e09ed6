import { InputError } from '../domain/input-error.ts';
import {
  layersOf,
  microBatchSizeIn,
  microBatchSizeOf,
  type Pipeline,
  type Plan,
  type Stage,
} from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';

/**
 * Pipelines spelled out, `+` between them and `/` between their stages. A stage is its layers and the copies that serve it:
 * `12@h100:4x8:16@a100:2x4:8` is 12 layers on four copies of 8 ranks in group h100, 16 micro-batches a step each, and on two
 * copies of 4 in a100 that take 8. `12m2@…`: micro-batches of two sequences, where stages differ in that; `@a100:2x4:8m2s3`:
 * where copies do, and where each keeps three parts of the stage's sharded states and others theirs.
 */
export interface StageText {
  readonly layers: number;
  readonly microBatchSize: number | null;
  readonly copies: readonly CopiesText[];
}

interface CopiesText {
  readonly group: string;
  readonly count: number;
  readonly tp: number;
  readonly microBatches: number;
  /** null: the stage's. */
  readonly microBatchSize: number | null;
  readonly stateParts: number;
}

const STAGE = /^(\d{1,6})(?:m(\d{1,6}))?$/;
const COPIES = /^(.+):(\d{1,6})x(\d{1,6}):(\d{1,6})(?:m(\d{1,6}))?(?:s(\d{1,6}))?$/;

export function parsePipelines(text: string, option: string): StageText[][] {
  return text.split('+').map((pipeline) => pipeline.split('/').map((stage) => parseStage(stage, option)));
}

function parseStage(text: string, option: string): StageText {
  const [head = '', ...copies] = text.split('@');
  const [, layers, microBatchSize] = STAGE.exec(head) ?? [];
  const blocks = copies.map((one) => COPIES.exec(one));
  if (layers === undefined || blocks.length === 0 || blocks.includes(null))
    throw new InputError({
      message: `${option}: pipelines has a stage "${text}"`,
      expected: 'LAYERS@GROUP:COPIESxTP:MICROBATCHES, as in 12@h100:4x8:16',
      hint: '"/" stands between stages, "+" between pipelines, "@" between unlike copies of one stage.',
    });
  return {
    layers: Number(layers),
    microBatchSize: microBatchSize === undefined ? null : Number(microBatchSize),
    copies: blocks.map((match) => {
      const [, group, count, tp, microBatches, size, parts] = match as RegExpExecArray;
      return {
        group: group!,
        count: Number(count),
        tp: Number(tp),
        microBatches: Number(microBatches),
        microBatchSize: size === undefined ? null : Number(size),
        stateParts: Number(parts ?? 1),
      };
    }),
  };
}

export function pipelinesText({ cluster: { groups } }: Problem, plan: Plan): string {
  const usual = microBatchSizeOf(plan);
  const ofStage = (stage: Stage) =>
    [
      `${layersOf(stage)}${stage.microBatchSize === usual ? '' : `m${stage.microBatchSize}`}`,
      ...stage.replicas.map((block) => {
        const { group, count, tp, microBatches, stateParts = 1 } = block;
        const size = microBatchSizeIn(stage, block);
        const own = size === stage.microBatchSize ? '' : `m${size}`;
        const parts = stateParts === 1 ? '' : `s${stateParts}`;
        return `${groups[group]!.id}:${count}x${tp}:${microBatches}${own}${parts}`;
      }),
    ].join('@');
  return plan.pipelines.map(({ stages }: Pipeline) => stages.map(ofStage).join('/')).join('+');
}
