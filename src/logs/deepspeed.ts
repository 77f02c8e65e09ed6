import { after, type LogFormat, type LoggedMemory } from './log-format.ts';

/**
 * DeepSpeed's pipeline engine (runtime/pipe/engine.py): `steps: 10 loss: 5.5508 iter time (s): 0.936 samples/sec: 136.706`; and
 * ThroughputTimer of its other engines (utils/timer.py), whose samples are those of all ranks:
 * `epoch=0/micro_step=40/global_step=10, RunningAvgSamplesPerSec=…, CurrSamplesPerSec=…, MemAllocated=…GB, MaxMemAllocated=…GB`, of 2^30 bytes.
 */
export const deepspeed: LogFormat = {
  id: 'deepspeed',
  name: 'DeepSpeed',
  launcher: 'deepspeed',
  mark: /\bsteps?:\s+\d+.*iter time \(s\)|global_step=\d+.*CurrSamplesPerSec=/,
  expected:
    'steps: N loss: … iter time (s): 0.936 samples/sec: …, or …global_step=N, … CurrSamplesPerSec=136.7, … MaxMemAllocated=40.1GB',
  step(line) {
    const iteration = Number(/\bsteps?:\s+(\d+)|global_step=(\d+)/.exec(line)?.slice(1).join(''));
    const seconds = after(line, 'iter time (s)');
    const samples = after(line, 'CurrSamplesPerSec');
    if (seconds === null && samples === null) return null;
    const [, gb] = /\bMaxMemAllocated=([\d.]+)\s*GB/.exec(line) ?? [];
    const memory: LoggedMemory | null =
      gb === undefined ? null : { bytes: Number(gb) * 2 ** 30, kind: 'allocated', rank: 0 };
    return {
      iteration,
      pace: seconds === null ? { of: 'samples', value: samples! } : { of: 'seconds', value: seconds },
      ...(memory === null ? {} : { memory }),
    };
  },
};
