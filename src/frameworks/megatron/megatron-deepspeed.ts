import type { Asked, ReadFile } from '../port/reader.ts';
import { broken } from '../reading/file-rule.ts';
import { askedOf } from './asked.ts';
import { DEGREE_RULES } from './degree-rules.ts';
import type { Flag } from './flags.ts';
import { type MegatronRun, megatronRun, sizesOf } from './run.ts';

const ENGINE = ['--deepspeed', '--deepspeed_config', '--deepspeed-config', '--zero-stage'];
const SEQUENCE = '--ds-sequence-parallel-size';
const RECOMPUTES = ['--checkpoint-activations', '--deepspeed-activation-checkpointing'];

/** Megatron-DeepSpeed: Megatron-LM of before Megatron Core, with DeepSpeed's engine. */
export function isMegatronDeepSpeed(run: MegatronRun): boolean {
  return ENGINE.some((flag) => run.has(flag));
}

/**
 * Its words in those of Megatron-LM (megatron/arguments.py@4efb479 of Megatron-DeepSpeed): Ulysses's sequence parallelism is
 * context parallelism by all-to-all, `--checkpoint-activations` recomputes every layer, and the engine shards as
 * `--zero-stage` says (1 where it is left out).
 */
export function readMegatronDeepSpeed(run: MegatronRun): ReadFile {
  const meant = inMegatronWords(run);
  return {
    asked: (gpus) => {
      const asked = askedOf(meant, gpus);
      return { ...asked, configuration: sharded(asked, run), notes: notesOf(asked, run) };
    },
    violations: (gpus) => broken(DEGREE_RULES, meant, sizesOf(meant, gpus), (flag) => run.line(flag)),
  };
}

function sharded({ configuration }: Asked, run: MegatronRun): Asked['configuration'] {
  const stage = run.count('--zero-stage', 0) ?? 1;
  // Its engine overlaps as it does, whatever Megatron's own flags.
  const { 'dp-overlap': _, ...rest } = configuration;
  return {
    ...rest,
    loss: 'unfused',
    zero: String(run.has('--deepspeed') ? stage : 0),
    ...(run.has('--cpu-optimizer') ? { 'offload-optimizer': '1' } : {}),
  };
}

function notesOf({ notes = [] }: Asked, run: MegatronRun): string[] {
  return [
    'a job of Megatron-DeepSpeed, priced on the software stack of Megatron Core',
    ...(run.has('--deepspeed')
      ? []
      : ['--deepspeed is not said: its engine does not run, and states are not sharded']),
    ...(run.has('--deepspeed') && !run.has('--zero-stage') && run.word('--deepspeed_config') !== null
      ? [`the ZeRO stage is taken to be 1: what ${run.word('--deepspeed_config')} says comes first`]
      : []),
    ...notes.filter((note) => !note.startsWith('not read, as Megatron-LM')),
  ];
}

function inMegatronWords(run: MegatronRun): MegatronRun {
  const flags = new Map<string, Flag>([...run.flags].filter(([name]) => !RECOMPUTES.includes(name)));
  const set = (name: string, values: readonly string[], from: string) =>
    flags.set(name, { name, values, line: run.line(from) });
  // One expert is none, and experts are spread by a flag of its own.
  const experts = flags.get('--num-experts')?.values ?? [];
  const spread = run.word('--moe-expert-parallel-size');
  if (experts.length > 0 && experts.every((count) => count === '1')) flags.delete('--num-experts');
  else if (spread !== null) set('--expert-model-parallel-size', [spread], '--moe-expert-parallel-size');
  const degree = run.word(SEQUENCE);
  if (degree !== null && degree !== '1') {
    set('--context-parallel-size', [degree], SEQUENCE);
    set('--cp-comm-type', ['a2a'], SEQUENCE);
  }
  const recomputes = RECOMPUTES.find((flag) => run.has(flag));
  if (recomputes !== undefined) {
    set('--recompute-granularity', ['full'], recomputes);
    set('--recompute-method', ['uniform'], recomputes);
    set('--recompute-num-layers', ['1'], recomputes);
  }
  return megatronRun(flags, run.file, run.variables, run.whole);
}
