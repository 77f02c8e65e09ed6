import { after, type LogFormat, MiB } from './log-format.ts';

/**
 * training_log of Megatron-LM (megatron/training/training.py@001b00c), which Megatron-DeepSpeed, FlagScale and Megatron-Bridge print too:
 * ` iteration 100/ 5000 | consumed samples: 51200 | elapsed time per iteration (ms): 1234.5 | global batch size: 512 | …`, and
 * report_memory: `[Rank 0] (after 100 iterations) memory (MB) | allocated: … | max allocated: … | max reserved: …`, of 2^20 bytes.
 */
export const megatron: LogFormat = {
  id: 'megatron',
  name: 'Megatron-LM',
  launcher: 'megatron',
  mark: /\biteration\s+\d+\/\s*\d+ \|.*elapsed time per iteration \(ms\)/,
  expected: 'iteration N/ M | … elapsed time per iteration (ms): 1234.5 | … global batch size: 512 |',
  step(line) {
    const iteration = Number(/\biteration\s+(\d+)\//.exec(line)?.[1]);
    const ms = after(line, 'elapsed time per iteration (ms)');
    const batch = after(line, 'global batch size');
    if (ms === null) return null;
    return {
      iteration,
      pace: { of: 'seconds', value: ms / 1e3 },
      ...(batch === null ? {} : { globalBatch: batch }),
    };
  },
  memory(line) {
    if (!/memory \(MB\)/.test(line)) return null;
    const allocated = after(line, 'max allocated');
    const rank = /\[Rank (\d+)\]/.exec(line)?.[1];
    if (allocated === null) return null;
    return {
      bytes: allocated * MiB,
      kind: 'allocated',
      ...(rank === undefined ? {} : { rank: Number(rank) }),
    };
  },
};
