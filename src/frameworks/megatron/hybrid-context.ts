import { InputError } from '../../domain/input-error.ts';
import { bad } from '../reading/file-rule.ts';
import type { MegatronRule, MegatronRun } from './run.ts';

const HYBRID = '--hybrid-context-parallel';
const MOST = '--max-seqlen-per-dp-cp-rank';

/** What it cannot stand beside (megatron/training/arguments.py@d98e8a6), as a file has it: a word in a run, and what to do about it. */
const AGAINST: readonly (readonly [
  flag: string,
  is: (run: MegatronRun) => boolean,
  limit: string,
  hint: string,
])[] = [
  [
    '--pipeline-model-parallel-size',
    (run) => (run.count('--pipeline-model-parallel-size') ?? 1) > 1,
    '--pipeline-model-parallel-size 1',
    'Drop the pipeline, or the flag.',
  ],
  [
    '--enable-cuda-graph',
    (run) => run.has('--enable-cuda-graph'),
    'no CUDA graph',
    'Drop --enable-cuda-graph.',
  ],
  [
    '--use-megatron-fsdp',
    (run) => run.has('--use-megatron-fsdp'),
    'no Megatron-FSDP',
    'Drop --use-megatron-fsdp.',
  ],
  [
    '--multi-latent-attention',
    (run) => run.has('--multi-latent-attention'),
    'other attention than latent',
    `Drop ${HYBRID}.`,
  ],
  [
    '--dataloader-type',
    (run) => (run.word('--dataloader-type') ?? 'single') !== 'single',
    '--dataloader-type single',
    'Say single.',
  ],
];

/** Its laws: no pipeline, graph, FSDP or latent attention, one kind of loader, a loss of each token, the most tokens of a rank. */
export const hybridContextRule: MegatronRule = {
  rule: 'hybrid-context-parallel',
  at: HYBRID,
  check(run) {
    if (!run.has(HYBRID)) return null;
    for (const [flag, is, limit, hint] of AGAINST)
      if (is(run)) return { ...bad(`${HYBRID} with ${flag}`, limit, hint), line: run.line(flag) };
    const missing = ['--calculate-per-token-loss', MOST].find((flag) => !run.has(flag));
    return missing === undefined ? null : bad(HYBRID, `${missing} beside it`, `Add ${missing}.`);
  },
};

/**
 * Each sample is split over max(1, 2^⌈log2(L/Lmax)⌉) ranks, and groups of samples are balanced by L²/cp alone (BalancedCPScheduler,
 * megatron/core/pipeline_parallel/hybrid_cp_schedule.py@d98e8a6), so that tokens, and the time of linears, follow lengths one by one: which two
 * moments do not tell. It is estimated as plain context parallelism; where a rank may then have more tokens than that, it is refused.
 * Throws InputError.
 */
export function hybridNotes(run: MegatronRun): string[] {
  if (!run.has(HYBRID)) return [];
  const most = run.count(MOST);
  const length = run.count('--seq-length');
  const cp = run.count('--context-parallel-size') ?? 1;
  const estimated = length === null ? null : (length * (run.count('--micro-batch-size') ?? 1)) / cp;
  if (most !== null && estimated !== null && most > estimated)
    throw new InputError({
      message: `${MOST} is ${most}, where a rank of cp=${cp} has ${estimated} tokens`,
      expected: `at most ${estimated}: ${HYBRID} is estimated as plain context parallelism`,
      hint: 'Maybe a larger --micro-batch-size, or a smaller --context-parallel-size.',
      at: { file: run.file, line: run.line(MOST) },
    });
  return [
    `${HYBRID} is not estimated: every sample is split over all ${cp} context-parallel ranks, and none is by its own length`,
  ];
}
