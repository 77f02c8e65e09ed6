import type { Plan } from '../../domain/plan.ts';
import { offloadOptimizer } from '../../techniques/offload-optimizer.ts';
import { ON_GPU } from '../../techniques/offload-optimizer-text.ts';
import { offloadParameters, RESIDENT } from '../../techniques/offload-parameters.ts';
import { zero } from '../../techniques/zero.ts';
import { no, ofTechniques } from '../laws/rule.ts';

/** torchtitan/config/configs.py@b5bcd76: FSDP2's CPUOffloadPolicy, which moves parameters, gradients and optimizer states. */
export function offloads({ techniques }: Plan): boolean {
  return offloadParameters.of(techniques).device !== 'gpu';
}

/** All of it, or nothing. */
export const offload = ofTechniques((techniques) => {
  const optimizer = offloadOptimizer.format(offloadOptimizer.of(techniques));
  const parameters = offloadParameters.format(offloadParameters.of(techniques));
  const all = [
    { ...ON_GPU, fraction: 1 },
    { ...RESIDENT, device: 'host' as const },
  ] as const;
  const nothing =
    optimizer === offloadOptimizer.format(ON_GPU) && parameters === offloadParameters.format(RESIDENT);
  if (nothing) return null;
  if (optimizer !== offloadOptimizer.format(all[0]) || parameters !== offloadParameters.format(all[1]))
    return no(
      offloadOptimizer.id,
      `optimizer ${optimizer}, parameters ${parameters}`,
      'optimizer 1 and parameters host together, or neither',
      'Maybe offload=optimizer:1+parameters:host.',
    );
  const stage = zero.of(techniques);
  return stage >= 2
    ? null
    : no(offloadParameters.id, `offloaded parameters with zero=${stage}`, 'zero=2 or 3');
});
