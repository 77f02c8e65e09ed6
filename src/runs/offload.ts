import type { Techniques } from '../domain/plan.ts';
import { offloadActivations } from '../techniques/offload-activations.ts';
import { offloadOptimizer } from '../techniques/offload-optimizer.ts';
import { ON_GPU } from '../techniques/offload-optimizer-text.ts';
import { offloadParameters, RESIDENT } from '../techniques/offload-parameters.ts';
import type { Row } from './row.ts';

type Offload = NonNullable<Row['config']['offload']>;

/** Techniques with what a row says lies elsewhere than on the GPUs. Throws on what no technique says. */
export function offloaded(techniques: Techniques, offload: Row['config']['offload']): Techniques {
  if (!offload) return techniques;
  const fraction = fractionOf(offload, 'optimizer');
  const { stride, asyncGradients, parameters } = offload;
  if (parameters && parameters !== true && parameters !== 1 && parameters !== WHOLE)
    throw new Error(`offload.parameters is ${parameters}: true or false`);
  const optimizer =
    fraction === 0
      ? ON_GPU
      : {
          ...ON_GPU,
          fraction,
          stride: stride && stride >= 2 ? stride : null,
          gradients: asyncGradients === false ? ('sync' as const) : ('async' as const),
        };
  const weights = parameters ? { ...RESIDENT, device: 'host' as const } : RESIDENT;
  const all = offloadParameters.set(offloadOptimizer.set(techniques, optimizer), weights);
  return offloadActivations.set(all, fractionOf(offload, 'activations'));
}

/** Where a row names the place and no fraction: all of it. */
const WHOLE = 'cpu';

function fractionOf(offload: Offload, what: 'optimizer' | 'activations'): number {
  const stated = offload[what] ?? 0;
  const fraction = stated === WHOLE ? 1 : Number(stated);
  if (fraction >= 0 && fraction <= 1) return fraction;
  throw new Error(`offload.${what} is ${offload[what]}: a fraction from 0 to 1`);
}
