import { after, type LogFormat } from './log-format.ts';

/**
 * ProgressPrinter of NeMo (nemo/lightning/pytorch/callbacks/progress_printer.py@01f7dbc): `Training epoch 0, iteration 49/49 | lr: … |
 * global_batch_size: 128 | global_step: 49 | peak_memory_usage: 70833405952 | … | train_step_timing in s: 12.39 | …`; its progress bar has
 * `train_step_timing in s=12.39`.
 */
export const nemo: LogFormat = {
  id: 'nemo',
  name: 'NeMo',
  launcher: 'megatron-bridge',
  mark: /train_step_timing in s\s*[:=]/,
  expected:
    'Training epoch 0, iteration N/M | … | global_batch_size: 128 | global_step: N | … | train_step_timing in s: 12.39',
  step(line) {
    const [, step, iteration] = /global_step\s*[:=]\s*([\d.]+)|\biteration (\d+)\//.exec(line) ?? [];
    const seconds = after(line, 'train_step_timing in s');
    const batch = after(line, 'global_batch_size');
    const peak = after(line, 'peak_memory_usage');
    const count = Number(step ?? iteration);
    if (seconds === null || !Number.isFinite(count)) return null;
    return {
      iteration: count,
      pace: { of: 'seconds', value: seconds },
      ...(batch === null || !Number.isInteger(batch) ? {} : { globalBatch: batch }),
      ...(peak === null ? {} : { memory: { bytes: peak, kind: 'reserved' } }),
    };
  },
};
