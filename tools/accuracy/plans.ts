import { dealt } from '../../src/domain/dealt.ts';
import type { Plan, Stage, Techniques } from '../../src/domain/plan.ts';
import type { Problem } from '../../src/domain/problem.ts';
import { flopsPerToken } from '../../src/layers/parameters.ts';
import { RECOMPUTE_MODULES, type RecomputeModule } from '../../src/layers/recompute-modules.ts';
import { parseConfiguration } from '../../src/plan-text/configuration.ts';
import { chunksByStage, planOf } from '../../src/plan-text/plan-of.ts';
import { SCHEDULES, scheduleOf } from '../../src/schedules/index.ts';
import { chunkPlaces } from '../../src/schedules/schedule.ts';
import { loss } from '../../src/techniques/loss.ts';
import { optimizerInBackward } from '../../src/techniques/optimizer-in-backward.ts';
import { pagedOptimizer } from '../../src/techniques/paged-optimizer.ts';
import {
  FULL_RECOMPUTE,
  NO_RECOMPUTE,
  type Recompute,
  recompute,
  selective,
} from '../../src/techniques/recompute.ts';
import { sequenceParallel } from '../../src/techniques/sequence-parallel.ts';
import { Misread } from '../../src/techniques/technique.ts';
import { tensorOverlap } from '../../src/techniques/tensor-overlap.ts';
import { type VocabularySplit, vocabularyParallel } from '../../src/techniques/vocabulary-parallel.ts';
import { type ZeroStage, zero } from '../../src/techniques/zero.ts';
import { offloaded } from './offload.ts';
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

/** Layers of each global chunk: as stated, else even; what is over or short goes to the ends as Megatron's flags put it. */
function chunkLayers(
  layers: number,
  pp: number,
  vpp: number,
  perStage: readonly number[] | null,
  final: number | null,
  head = 0,
): number[] {
  const chunks = pp * vpp;
  if (perStage !== null && perStage.length === pp) {
    return Array.from({ length: chunks }, (_, g) => dealt(perStage[g % pp]!, vpp)[Math.floor(g / pp)]!);
  }
  if (final !== null && chunks > 1) {
    const rest = dealt(layers - final, chunks - 1);
    return [...rest, final];
  }
  if (head > 0 && chunks > 1) {
    const last = Math.max(0, Math.round((layers + head) / chunks - head));
    return [...dealt(layers - last, chunks - 1).reverse(), last];
  }
  if (layers % chunks === 0) return dealt(layers, chunks);
  if ((layers + 2) % chunks === 0 && chunks > 1)
    return dealt(layers + 2, chunks).map((n, i) => (i === 0 || i === chunks - 1 ? n - 1 : n));
  if ((layers + 1) % chunks === 0)
    return dealt(layers + 1, chunks).map((n, i) => (i === chunks - 1 ? n - 1 : n));
  return dealt(layers, chunks);
}

/** What the last stage carries beside its layers, in layers' worth of model FLOPs: head, loss, token prediction. */
function headInLayers({ model, workload }: Problem): number {
  const head = 6 * model.vocabSize * model.hiddenSize;
  const plain = flopsPerToken({ ...model, mtpLayers: 0 }, workload.sequenceLength);
  const layer = (plain - head) / model.layers.length;
  return (head + model.mtpLayers * (head + layer)) / layer;
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

/** Megatron's --recompute-num-layers: so many layers of each stage. */
function layersRecomputed(recipe: Row['config']['recipe']): number | null {
  const stated = recipe?.recompute_num_layers;
  return typeof stated === 'number' ? stated : null;
}

function recomputesOf({ config: c, stack }: Row, problem: Problem, assumptions: string[]): Recompute[] {
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
