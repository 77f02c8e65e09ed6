import { after, figure, type LogFormat } from './log-format.ts';

/**
 * MetricsProcessor.log of torchtitan (torchtitan/components/metrics.py@00fbaaf):
 * `step: 10  loss: 7.12  grad_norm: 1.23  memory: 40.12GiB(50.67%)  tps: 7,234  tflops: 373.12  mfu: 37.73%`, tokens of a second and
 * GPU and the most bytes that the allocator reserved since the line before.
 */
export const torchtitan: LogFormat = {
  id: 'torchtitan',
  name: 'torchtitan',
  launcher: 'torchtitan',
  mark: /(?<!validate )\bstep:\s+\d+\s+loss:.*\btps:/,
  expected: 'step: N  loss: …  memory: 40.12GiB(50.67%)  tps: 7,234  …',
  step(line) {
    const iteration = figure(/\bstep:\s+(\d+)/.exec(line)?.[1]);
    const tokens = after(line, ' tps');
    const [, gib] = /\bmemory:\s*([\d.]+)GiB/.exec(line) ?? [];
    const memory = figure(gib);
    const rank = /\[rank(\d+)\]/.exec(line)?.[1];
    if (iteration === null || tokens === null) return null;
    return {
      iteration,
      pace: { of: 'tokens-per-gpu', value: tokens },
      ...(memory === null
        ? {}
        : {
            memory: {
              bytes: memory * 2 ** 30,
              kind: 'reserved',
              ...(rank === undefined ? {} : { rank: Number(rank) }),
            },
          }),
    };
  },
};
