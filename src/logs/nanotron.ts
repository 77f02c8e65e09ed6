import { after, figure, type LogFormat, MiB } from './log-format.ts';

/**
 * train_step_logs of nanotron (src/nanotron/trainer.py): `iteration: 10 / 100 | consumed_tokens: 10.5M | elapsed_time_per_iteration_ms: 1.24K |
 * tokens_per_sec: 846K | … | global_batch_size: 128 | …`, figures to three digits (human_format); and log_memory:
 * ` Memory usage: 18787.00MiB. Peak allocated 19415.07MiB. Peak reserved: 20170.00MiB`.
 */
export const nanotron: LogFormat = {
  id: 'nanotron',
  name: 'nanotron',
  launcher: 'nanotron',
  mark: /\biteration:\s*\d+\s*\/\s*\d+ \|.*elapsed_time_per_iteration_ms/,
  expected: 'iteration: N / M | … | elapsed_time_per_iteration_ms: 1.24K | … | global_batch_size: 128 | …',
  step(line) {
    const iteration = Number(/\biteration:\s*(\d+)/.exec(line)?.[1]);
    const ms = after(line, 'elapsed_time_per_iteration_ms');
    const batch = after(line, 'global_batch_size');
    if (ms === null) return null;
    return {
      iteration,
      pace: { of: 'seconds', value: ms / 1e3 },
      // Three digits are no batch of more.
      ...(batch === null || batch >= 1000 ? {} : { globalBatch: batch }),
    };
  },
  memory(line) {
    const [, mib] = /Memory usage: [\d.]+MiB\. Peak allocated:? ([\d.]+)MiB/.exec(line) ?? [];
    const peak = figure(mib);
    return peak === null ? null : { bytes: peak * MiB, kind: 'allocated' };
  },
};
