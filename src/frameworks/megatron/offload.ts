import type { Plan } from '../../domain/plan.ts';
import { offloadOptimizer } from '../../techniques/offload-optimizer.ts';
import { zero } from '../../techniques/zero.ts';
import { no, ofTechniques } from '../laws/rule.ts';
import type { MegatronRun } from './run.ts';

/** Megatron-LM's hybrid optimizer (megatron/training/arguments.py and core/optimizer/optimizer_config.py@d98e8a6). */
export function offloadArguments({ techniques }: Plan): (string | number)[] {
  const { fraction, gradients } = offloadOptimizer.of(techniques);
  if (fraction === 0) return [];
  return [
    ...['--optimizer-cpu-offload', '--optimizer-offload-fraction', fraction],
    ...['--use-precision-aware-optimizer', '--overlap-cpu-optimizer-d2h-h2d'],
    ...(gradients === 'sync' ? ['--no-pin-cpu-grads'] : []),
  ];
}

/** It asks for the precision-aware optimizer, which asks for the distributed one. */
export const offload = ofTechniques((techniques) => {
  const { fraction, stride, device } = offloadOptimizer.of(techniques);
  if (fraction === 0) return null;
  const stage = zero.of(techniques);
  if (stage !== 1)
    return no(
      'offload-optimizer',
      `offloaded optimizer with zero=${stage}`,
      'zero=1, the distributed optimizer',
    );
  if (stride !== null)
    return no(
      'offload-optimizer',
      `a stride of ${stride}`,
      'none: Megatron-LM updates all of a fraction on the CPU',
    );
  return device === 'disk' ? no('offload-optimizer', 'optimizer states on NVMe', 'in host memory') : null;
});

/** What a run offloads, as `--config` writes it. */
export function offloadOf(run: MegatronRun): Record<string, string> {
  if (!run.has('--optimizer-cpu-offload')) return {};
  const fraction = run.word('--optimizer-offload-fraction') ?? '1';
  const sync = run.has('--no-pin-cpu-grads') ? ':sync' : '';
  return { [offloadOptimizer.id]: `${Number(fraction)}${sync}` };
}
