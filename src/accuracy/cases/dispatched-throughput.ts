import { loadCluster } from '../../catalogue/clusters.ts';
import { listModels, loadModel } from '../../catalogue/models.ts';
import { loadStack } from '../../catalogue/stacks.ts';
import { asDriven } from '../../domain/half-sums.ts';
import { InputError, type Location } from '../../domain/input-error.ts';
import type { ModelSpec } from '../../domain/model.ts';
import type { Problem } from '../../domain/problem.ts';
import { estimate } from '../../evaluate/estimate.ts';
import { planLaw } from '../../laws/plan.ts';
import { asTrained } from '../../layers/training/as-trained.ts';
import { trainingFrom } from '../../plan-text/asked-training.ts';
import { parseConfiguration } from '../../plan-text/configuration.ts';
import { planOf } from '../../plan-text/plan-of.ts';

/** Tokens of a sequence in the published tables. */
const SEQUENCE = 2048;
/** Steps that follow one another without a gap are of one round each: as many micro-batches as one has, alike on all GPUs. */
const PER_ROUND = 16;
/** Sequences of a step, at most: of the benchmarks (roundpipe/run.sh of ITcarrot/RoundPipe-artifact@e44270a). */
const BATCH = 128;
const ADAPTERS_BATCH = 64;
const ADAPTERS = /-lora$/;

/**
 * Tokens per second of stages dealt asynchronously to so many GPUs of one host, at the best micro-batch that fits; `OOM` where none
 * does. A name that ends in -lora is of adapters of rank 32 on all linear layers, copied from memory that is not pinned (train_lora.py).
 */
export function dispatchedThroughput(name: string, gpu: string, gpus: number, at: Location): number | 'OOM' {
  const adapters = ADAPTERS.test(name);
  const model = loadModel(presetOf(name.replace(ADAPTERS, ''), at)).value;
  const how = adapters ? 'async:unpinned' : 'async';
  const cluster = loadCluster(`${gpu}-8`).value;
  let best = 0;
  const perGpu = Math.max(1, Math.floor(PER_ROUND / gpus));
  const most = (adapters ? ADAPTERS_BATCH : BATCH) / (gpus * perGpu);
  for (let size = 1; size <= Math.max(1, most); size++) {
    const globalBatchSize = size * gpus * perGpu;
    const problem = asDriven({
      model: adapters ? withAdapters(model) : model,
      cluster,
      stack: loadStack('roundpipe'),
      workload: {
        sequenceLength: SEQUENCE,
        globalBatchSize,
        precision: 'fp16',
        optimizer: 'adamw',
        headroom: 0,
      },
    });
    best = Math.max(
      best,
      throughputOf(problem, `dp=${gpus},micro-batch=${size},dispatch=${how},loss=chunked:8`),
    );
  }
  return best === 0 ? 'OOM' : best;
}

/** 0 where it does not fit. */
function throughputOf(problem: Problem, text: string): number {
  const configured = planOf(problem, parseConfiguration(text));
  if (!('plan' in configured) || planLaw(problem, configured.plan) !== null) return 0;
  const { tokensPerSecond, verdict } = estimate(problem, configured.plan);
  return verdict === 'does-not-fit' ? 0 : tokensPerSecond;
}

function withAdapters(model: ModelSpec): ModelSpec {
  const training = trainingFrom(model, { train: 'lora', 'lora-rank': '32', 'lora-modules': 'all' });
  return training === null ? model : asTrained(model, training);
}

/** The preset that a table means: `llama3.1-8b` is llama-3.1-8b, `qwen3-235b` is qwen3-235b-a22b. */
function presetOf(name: string, at: Location): string {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[^a-z0-9.]/g, '');
  const all = listModels();
  const found =
    all.find((one) => plain(one) === plain(name)) ?? all.find((one) => plain(one).startsWith(plain(name)));
  if (found !== undefined) return found;
  throw new InputError({ message: `no model "${name}"`, expected: 'a preset (shardwright model list)', at });
}
