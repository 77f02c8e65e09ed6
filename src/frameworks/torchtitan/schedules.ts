/** torchtitan's names of schedules (torch.distributed.pipelining) that can be timed. */
export const SCHEDULE_NAMES: Readonly<Record<string, string>> = {
  '1f1b': '1F1B',
  gpipe: 'GPipe',
  'interleaved-1f1b': 'Interleaved1F1B',
  'breadth-first': 'LoopedBFS',
};

export const LOOPED = ['Interleaved1F1B', 'LoopedBFS', 'InterleavedZeroBubble'];
export const V_SHAPED = ['ZBVZeroBubble', 'DualPipeV'];
export const SINGLE = ['1F1B', 'GPipe'];
const IN_ROUNDS = ['Interleaved1F1B', 'InterleavedZeroBubble'];

/**
 * What a schedule asks of the number of micro-batches; null: it takes them. PipelineScheduleSingle wants one for each
 * stage, the interleaved ones equal rounds of about pp (torch/distributed/pipelining/schedules.py, both in __init__).
 */
export function microBatchLimit(schedule: string, microBatches: number, pp: number): string | null {
  if (SINGLE.includes(schedule) && microBatches < pp) return `at least pp = ${pp} with ${schedule}`;
  const rounds = Math.max(1, Math.floor(microBatches / pp));
  return IN_ROUNDS.includes(schedule) && microBatches % rounds !== 0
    ? `a multiple of the ${rounds} rounds of ${schedule}`
    : null;
}

/**
 * Tokens of a micro-batch are cut over sequence parallel ranks, and into two pieces for each context parallel rank
 * (Trainer.__init__ in torchtitan/trainer.py: seq_len_divisor).
 */
export function tokenUnit(tp: number, cp: number, sequenceParallel: boolean): number {
  return (sequenceParallel ? tp : 1) * (cp > 1 ? 2 * cp : 1);
}
