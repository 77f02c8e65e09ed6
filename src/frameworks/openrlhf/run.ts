import { adaptersOf } from '../hf-trainer/adapters.ts';
import { optimizerNamed } from '../hf-trainer/optimizers.ts';
import type { Engine, TrainerRun } from '../hf-trainer/run.ts';
import type { Flags } from './flags.ts';

export const TRAINERS = ['sft', 'dpo', 'rm', 'ppo_ray'] as const;
export type Trainer = (typeof TRAINERS)[number];

/** What is left out is as its parsers say (openrlhf/cli@3c3be62, of older names @021d1b0). */
export function openrlhfRun(trainer: Trainer, f: Flags): TrainerRun {
  const ppo = trainer === 'ppo_ray';
  const pairs = trainer === 'dpo' || trainer === 'rm' ? 2 : 1;
  const length = lengthOf(trainer, f);
  const dynamic = f.on('dynamic');
  const ring = f.count('ring', 1);
  const micro = dynamic
    ? Math.max(1, Math.ceil((f.count('tokens', 16192) * ring) / length))
    : f.count('micro', ppo ? (f.dotted ? 1 : 4) : 8);
  const rank = f.at('rank');
  const adapters = typeof rank === 'number' && rank > 0 ? rank : null;
  const beside = besideOf(trainer, f);
  const name = f.word('optimizer') ?? 'adam';
  const batch = ppo ? f.count('rollouts', 1024) * f.count('answers', 1) : pairs * f.count('batch', 128);
  const method =
    adapters === null
      ? null
      : adaptersOf({
          ...{ rank: adapters, dropout: Number(f.at('dropout') ?? 0), fourBit: f.on('fourBit'), whole: [] },
          modules: modulesOf(f.at('targets') ?? 'all-linear'),
        });
  return {
    sequenceLength: length,
    microBatch: pairs * micro,
    accumulation: 1,
    globalBatch: batch,
    precision: f.word('dtype') ?? (f.dotted || f.on('bf16') ? 'bf16' : 'fp32'),
    recompute: f.on('recompute'),
    offloadsActivations: false,
    compiled: false,
    loss: f.on('liger') ? 'fused-linear' : null,
    optimizer: optimizerNamed(name, 'optim', { file: f.file, line: f.line('optimizer') }),
    training: method?.training ?? null,
    degrees: { tp: f.count('tensor', 1), cp: ring, dpReplicate: 1 },
    engine: engineOf(f, ring),
    models: beside.models,
    notes: [
      ...(f.word('model') === null ? [] : [`${f.word('model')}: sizes are those of the model that is given`]),
      ...(method?.notes ?? []),
      ...beside.notes,
      ...(pairs === 2 ? [`${trainer}: a sample is two sequences, chosen and rejected`] : []),
      ...(ppo
        ? [
            `a step is an iteration of ${batch} sequences without their generation: its updates are timed as one`,
          ]
        : []),
      ...(dynamic
        ? [`dynamic batches: passes of ${micro} whole sequences, no fewer than its tokens hold`]
        : []),
      ...(f.on('packing')
        ? [
            'sequences are packed: --packing says how long samples are, otherwise attention is over whole sequences',
          ]
        : ['samples are padded to the longest of a batch: estimated at the longest that is let in']),
      ...(f.on('ema') ? ['enable_ema: its copy of the weights lies on the hosts and is not counted'] : []),
    ],
  };
}

function lengthOf(trainer: Trainer, f: Flags): number {
  if (trainer === 'ppo_ray' && !f.dotted)
    return f.count('length', f.count('prompt', 1024) + f.count('response', 1024));
  return f.count('length', trainer === 'dpo' || trainer === 'rm' ? 512 : 2048);
}

const modulesOf = (target: unknown) => {
  const all = (Array.isArray(target) ? target : [target]).map(String);
  return all[0] === 'all-linear' ? [] : all;
};

/** utils/deepspeed/deepspeed_utils.py, get_train_ds_config; overlap is DeepSpeed's own default at stage 3 alone. */
function engineOf(f: Flags, ring: number): Engine {
  const stage = Number(f.at('stage') ?? 2);
  const zpg = f.count('zpg', 1);
  return {
    runtime: 'deepspeed',
    configuration: {
      ...(ring > 1 ? { 'cp-comm': 'p2p' } : {}),
      zero: String(stage),
      ...(f.on('overlap') || stage === 3 || stage === 0 ? {} : { 'dp-overlap': 'none' }),
      ...(f.on('adamOffload') ? { 'offload-optimizer': '1' } : {}),
    },
    notes:
      zpg > 1
        ? [
            `zpg ${zpg}: estimated as plain ZeRO, without its second copy of the parameters, 2 bytes each over ${zpg} GPUs`,
          ]
        : [],
  };
}

/** DPO holds a reference whatever is trained; PPO's models stand on the actor's GPUs where they are colocated (cli/train_ppo_ray.py). */
function besideOf(
  trainer: Trainer,
  f: Flags,
): { readonly models: string | null; readonly notes: readonly string[] } {
  const off = (name: 'referenceOffload' | 'rewardOffload') => (f.on(name) ? ':offloaded' : '');
  if (trainer === 'dpo') return { models: `reference=same:frozen${off('referenceOffload')}`, notes: [] };
  if (trainer !== 'ppo_ray') return { models: null, notes: [] };
  const all = f.on('colocateAll');
  const kl = Number(f.at('kl') ?? 0.01) > 0;
  const critic = f.at('critic') !== undefined || (f.word('estimator') ?? 'gae') === 'gae';
  const reward = f.at('reward') !== undefined && f.at('remote') === undefined;
  const models = [
    ...(kl && (all || f.on('colocateReference')) ? [`reference=same:frozen${off('referenceOffload')}`] : []),
    ...(all && critic ? ['critic=same:trained'] : []),
    ...(all && reward ? [`reward=same:frozen${off('rewardOffload')}`] : []),
  ];
  return {
    models: models.length === 0 ? null : models.join(','),
    notes: [
      ...(all && (critic || reward)
        ? ['critic and reward model: estimated as models of the same sizes']
        : []),
      ...(all
        ? [engineNote(f)]
        : ['models that are not colocated have GPUs of their own, which are not counted']),
    ],
  };
}

function engineNote(f: Flags): string {
  return f.on('engineSleeps')
    ? 'its engine of generation sleeps through the update'
    : `its engine of generation keeps ${Math.round(100 * Number(f.at('engineShare') ?? 0.95))} % of each GPU through the update, which --reserve holds`;
}

/** GPUs of the actor in PPO; null: torchrun's or DeepSpeed's. */
export function actorGpus(trainer: Trainer, f: Flags): number | null {
  return trainer === 'ppo_ray' ? f.count('nodes', 1) * f.count('perNode', 8) : null;
}
