import { type Asked, broken, type LaunchReader } from '../reader.ts';
import { stagesFor, TITAN_FILE_RULES, type TitanSizes } from './file-rules.ts';
import { SCHEDULE_NAMES } from './rules.ts';
import { type TitanRun, titanRun } from './run.ts';

const P = 'parallelism';

/** A torchtitan recipe in Python, read without being run. */
export const titanReader: LaunchReader = {
  file: 'plan.py',
  rules: TITAN_FILE_RULES,
  read({ path, text }) {
    const run = titanRun(text, path);
    return {
      asked: () => askedOf(run),
      violations: (gpus) => broken(TITAN_FILE_RULES, run, sizesOf(run, gpus), (at) => run.line(at)),
    };
  },
};

function sizesOf(run: TitanRun, gpus: number | null): TitanSizes {
  const degree = (name: string) => run.count(`${P}.${name}`) ?? 1;
  const [pp, tp, cp] = [
    degree('pipeline_parallel_degree'),
    degree('tensor_parallel_degree'),
    degree('context_parallel_degree'),
  ];
  const replicate = degree('data_parallel_replicate_degree');
  const rest = pp * tp * cp * replicate;
  const left = gpus !== null && gpus % rest === 0 ? gpus / rest : null;
  const perStage = run.count(`${P}.pipeline_parallel_layers_per_stage`);
  return {
    ...{ pp, tp, cp, replicate, gpus },
    ep: degree('expert_parallel_degree'),
    shard: run.count(`${P}.data_parallel_shard_degree`) ?? left,
    stages: run.split?.length ?? (perStage !== null && run.layers !== null ? stagesFor(run, perStage) : null),
  };
}

/** torchtitan's defaults: all replicas shard, parameters gathered again in the backward pass, sequence parallelism on. */
function askedOf(run: TitanRun): Asked {
  const { pp, tp, cp, ep, replicate, shard, stages } = sizesOf(run, null);
  const micro = run.count('training.num_tokens_per_microbatch_per_dp_rank');
  const step = run.count('training.num_tokens_per_train_step');
  const count = pp > 1 ? run.count(`${P}.num_pp_microbatches`) : null;
  // Sequences are not in the file: a micro-batch is taken to be one, unless the training section says how long it is.
  const sequenceLength = run.count('training.max_context_length') ?? run.count('training.seq_len') ?? micro;
  const dp = shard === null ? null : replicate * shard;
  const schedule = scheduleOf(run.word(`${P}.pipeline_parallel_schedule`));
  const tokens = step ?? (micro === null || dp === null ? null : micro * dp * (count ?? 1));
  const reshard = run.word(`${P}.fsdp_reshard_after_forward`);
  const sharding = shard === 1 && cp === 1 ? 0 : reshard === 'never' && pp === 1 ? 2 : 3;
  return {
    configuration: {
      ...{ tp: String(tp), pp: String(pp), cp: String(cp) },
      ...(dp === null ? {} : { dp: String(dp) }),
      ...(ep > 1 ? { ep: String(ep) } : {}),
      ...(micro === null || sequenceLength === null ? {} : { 'micro-batch': String(micro / sequenceLength) }),
      ...(pp > 1 && schedule !== null ? { schedule } : {}),
      ...(stages !== null && pp > 1 ? { vpp: String(stages / pp) } : {}),
      ...(run.split === null ? {} : { layers: run.split.join('/') }),
      recompute: recomputeOf(run.called('activation_checkpoint')),
      sharding: String(sharding),
      ...(replicate > 1 && sharding > 0 ? { 'shard-groups': String(replicate) } : {}),
      ...(tp > 1 ? { sp: String(run.at(`${P}.enable_sequence_parallel`) !== false) } : {}),
    },
    sequenceLength,
    globalBatchSize: tokens === null || sequenceLength === null ? null : tokens / sequenceLength,
    precision: 'bf16',
    layers: run.layers,
    hiddenSize: run.hiddenSize,
  };
}

function scheduleOf(name: string | null): string | null {
  return Object.entries(SCHEDULE_NAMES).find(([, theirs]) => theirs === (name ?? '1F1B'))?.[0] ?? null;
}

function recomputeOf(called: string | null): string {
  return called === 'FullAC' ? 'full' : called === 'SelectiveAC' ? 'op' : 'none';
}
