import type { Plan, Stage, Techniques } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { parseConfiguration } from '../plan-text/configuration.ts';
import { chunksByStage, planOf } from '../plan-text/plan-of.ts';
import { SCHEDULES, scheduleOf } from '../schedules/index.ts';
import { chunkPlaces } from '../schedules/schedule.ts';
import { loss } from '../techniques/loss.ts';
import { Misread } from '../techniques/misread.ts';
import { optimizerInBackward } from '../techniques/optimizer-in-backward.ts';
import { pagedOptimizer } from '../techniques/paged-optimizer.ts';
import { type Recompute, recompute } from '../techniques/recompute.ts';
import { sequenceParallel } from '../techniques/sequence-parallel.ts';
import type { ZeroStage } from '../techniques/sharded-states.ts';
import { tensorOverlap } from '../techniques/tensor-overlap.ts';
import { type VocabularySplit, vocabularyParallel } from '../techniques/vocabulary-parallel.ts';
import { zero } from '../techniques/zero.ts';
import { chunkLayers, headInLayers } from './chunk-layers.ts';
import { offloaded } from './offload.ts';
import { recomputesOf } from './recomputes.ts';
import type { Row } from './row.ts';
import { trainsInPart } from './training.ts';

/** Schedules that rows name by other words than their ids. */
const SCHEDULE: Readonly<Record<string, string>> = {
  none: '1f1b',
  'zero-bubble': 'zb-h1',
  'vocab-parallel': '1f1b',
};

function scheduleNamed(words: string): string | undefined {
  const id = SCHEDULE[words] ?? words;
  return SCHEDULES.find((schedule) => schedule.id === id)?.id;
}

/** The plans a row may have run: one when all is stated, several over what is not. Throws when none can be expressed. */
export function plansOf(row: Row, problem: Problem, assumptions: string[]): Plan[] {
  const { config: c, hardware } = row;
  const [tp, pp, cp] = [c.tp ?? 1, c.pp ?? 1, c.cp ?? 1];
  const dp = c.dp ?? hardware.gpus / (tp * pp * cp);
  if (!Number.isInteger(dp) || dp < 1)
    throw new Error(`tp·pp·cp = ${tp * pp * cp} does not divide ${hardware.gpus} GPUs`);
  if (tp * pp * cp * dp !== hardware.gpus)
    throw new Error(`tp·pp·cp·dp = ${tp * pp * cp * dp}, not ${hardware.gpus} GPUs`);
  const how = dispatchedAs(row);
  if (how !== null) return dispatchedPlans(row, problem, how, assumptions);
  if (c.optimizerSharding === 'offload' && !c.offload) throw new Error('what is offloaded is not stated');
  const named = /^V-Half/.test(c.scheduleWords ?? '')
    ? 'v-half'
    : scheduleNamed(c.schedule ?? (pp > 1 ? '1f1b' : 'none'));
  const id = named === 'zb-h1' && /2p/.test(c.scheduleWords ?? '') ? 'zb-h2' : named;
  if (id === undefined) throw new Error(`schedule ${c.schedule} is not modelled`);
  const batch = problem.workload.globalBatchSize;
  const microBatches = c.microBatch ? [c.microBatch] : [1, 2, 4, 8, 16].filter((b) => batch % (b * dp) === 0);
  if (!c.microBatch) assumptions.push('micro-batch not stated: best of those that fit');
  const recomputes = recomputesOf(row, problem, assumptions);
  const virtual = virtualStages(row, id, pp, problem.model.layers.length, assumptions);
  const plans: Plan[] = [];
  for (const microBatchSize of microBatches) {
    for (const recompute of recomputes) {
      for (const vpp of virtual) {
        plans.push(build(row, problem, { tp, pp, cp, dp, vpp, id, microBatchSize, recompute }));
      }
    }
  }
  if (plans.length === 0) throw new Error(`global batch ${batch} is not divisible by dp ${dp}`);
  return plans;
}

/** RoundPipe's runs, each GPU on every stage in turn; null: another schedule. */
function dispatchedAs({ id, config: { scheduleWords, schedule } }: Row): string | null {
  if (schedule !== 'roundpipe' && !/^RoundPipe/.test(scheduleWords ?? '')) return null;
  return /-sync-/.test(id) ? 'sync' : 'async';
}

/** Sizes of micro-batch that the batch divides by; benchmarks with adapters copy from memory that is not pinned (train_lora.py). */
function dispatchedPlans(row: Row, problem: Problem, how: string, assumptions: string[]): Plan[] {
  const dp = row.hardware.gpus;
  const batch = problem.workload.globalBatchSize;
  const value = trainsInPart(row) ? `${how}:unpinned` : how;
  assumptions.push('micro-batch not stated: best of those that fit', 'loss in 8 chunks');
  return [1, 2, 4, 8, 16]
    .filter((size) => batch % (size * dp) === 0)
    .map((size) => {
      const text = `dp=${dp},micro-batch=${size},dispatch=${value},loss=chunked:8`;
      const configured = planOf(problem, parseConfiguration(text));
      if (!('plan' in configured)) throw new Error(`${configured.rule}: ${configured.limit}`);
      return configured.plan;
    });
}

interface Dims {
  readonly tp: number;
  readonly pp: number;
  readonly cp: number;
  readonly dp: number;
  readonly vpp: number;
  readonly id: string;
  readonly microBatchSize: number;
  readonly recompute: Recompute;
}

function build(row: Row, problem: Problem, d: Dims): Plan {
  const c = row.config;
  const microBatches = Math.max(1, Math.round(problem.workload.globalBatchSize / (d.microBatchSize * d.dp)));
  const balanced = /redistributed/.test(c.scheduleWords ?? '') || problem.model.mtpLayers > 0;
  const counts = chunkLayers(
    problem.model.layers.length,
    d.pp,
    d.vpp,
    c.layersPerStage ?? null,
    c.finalStageLayers ?? null,
    balanced ? headInLayers(problem) : 0,
  );
  const schedule = scheduleOf(d.vpp > 1 && d.id === '1f1b' ? 'interleaved-1f1b' : d.id);
  const chunks = chunksByStage(counts, chunkPlaces(schedule, { stages: d.pp, virtualStages: d.vpp }));
  const perStage = d.dp * d.tp * d.cp;
  const stages = chunks.map(
    (own, stage): Stage => ({
      chunks: own,
      microBatchSize: d.microBatchSize,
      replicas: [{ count: d.dp, group: 0, firstDevice: stage * perStage, tp: d.tp, microBatches }],
    }),
  );
  const stage = shardingOf(c, problem);
  return {
    pipelines: [{ stages, microBatches: microBatches * d.dp }],
    dims: {
      cp: d.cp,
      ep: c.ep ?? 1,
      etp: c.etp ?? 1,
      vpp: d.vpp,
      dpReplicate: stage > 0 && c.optimizerShardGroup ? d.dp / c.optimizerShardGroup : 1,
    },
    schedule: schedule.id,
    techniques: overlapped(row, d, techniquesOf(row, problem, d, stage)),
    nodeOrder: null,
  };
}

function techniquesOf({ config: c }: Row, { stack }: Problem, d: Dims, stage: ZeroStage): Techniques {
  const split = sequenceParallel.set({}, c.sequenceParallel ?? (d.tp > 1 && stack.id !== 'megatron-2021'));
  const vocabulary = vocabularyParallel.set(split, vocabularyOf(c.scheduleWords));
  const chosen = recompute.set(loss.set(vocabulary, lossOf(c.loss)), d.recompute);
  const paged = pagedOptimizer.set(chosen, c.pagedOptimizer ?? /^paged/i.test(c.optimizer ?? ''));
  const updated = optimizerInBackward.set(paged, c.optimizerInBackward === true);
  return offloaded(zero.set(updated, stage), c.offload);
}

/** Switches of tensor parallelism that a row names. */
function overlapped({ config }: Row, d: Dims, techniques: Techniques): Techniques {
  const words = config.overlapWords ?? '';
  const kind = /async TP/.test(words) ? 'async' : /tp-comm-overlap/.test(words) ? 'userbuffers' : 'none';
  return tensorOverlap.set(techniques, d.tp === 1 ? 'none' : kind);
}

function lossOf(stated: string | null | undefined): string {
  if (!stated) return loss.off;
  const read = loss.parse(stated);
  if (read instanceof Misread) throw new Error(`loss is ${stated}, not ${read.expected}`);
  return read;
}

function vocabularyOf(words: string | null | undefined): VocabularySplit {
  if (/interlaced/i.test(words ?? '')) return 'interlaced';
  const algorithm = /vocab\w* parallelism \(Alg\. ([12])\)/i.exec(words ?? '')?.[1];
  return algorithm === undefined ? 'off' : algorithm === '1' ? 'vocab-1' : 'vocab-2';
}

/** Parameters on the host are sharded ones: ZeRO-Infinity, FSDP's CPU offload. */
function shardingOf({ optimizerSharding: stated, offload }: Row['config'], problem: Problem): ZeroStage {
  if (stated === 'offload' && offload?.parameters) return 3;
  if (stated === 0 || stated === 1 || stated === 2 || stated === 3) return stated;
  return problem.stack.fullySharded ? 3 : 1;
}

function virtualStages(row: Row, id: string, pp: number, layers: number, assumptions: string[]): number[] {
  if (pp === 1) return [1];
  if (scheduleOf(id).chunks === 'fold') return [2];
  const stated = row.config.vpp;
  if (stated) return [stated];
  if (id !== 'interleaved-1f1b') return [1];
  assumptions.push('virtual stages not stated: best of the divisors');
  const options = [2, 3, 4, 5, 6, 8, 10, 12].filter((v) => layers % (pp * v) === 0);
  return options.length > 0 ? options : [2];
}
