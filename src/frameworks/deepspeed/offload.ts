import type { Plan } from '../../domain/plan.ts';
import { offloadOptimizer } from '../../techniques/offload-optimizer.ts';
import { offloadParameters, RESIDENT } from '../../techniques/offload-parameters.ts';
import { zero } from '../../techniques/zero.ts';
import { no, ofTechniques } from '../laws/rule.ts';
import type { Tree } from '../reading/tree.ts';
import { ZERO } from './settings.ts';

/** What a file moves off the GPUs. */
export interface Offload {
  readonly what: 'parameters' | 'optimizer states';
  /** Dotted path of the key that says so. */
  readonly path: string;
  readonly device: 'cpu' | 'nvme';
}

/**
 * offload_param and offload_optimizer, and the old cpu_offload_param and cpu_offload; a device of "none", the default, moves
 * nothing (deepspeed/runtime/zero/offload_config.py@1978617, zero/config.py@1b88ac3).
 */
export function offloadsOf(tree: Tree): Offload[] {
  return (
    [
      ['parameters', 'offload_param', 'cpu_offload_param'],
      ['optimizer states', 'offload_optimizer', 'cpu_offload'],
    ] as const
  ).flatMap(([what, section, old]): Offload[] => {
    const path = `${ZERO}.${section}`;
    const device = tree.word(`${path}.device`);
    if (device === 'cpu' || device === 'nvme') return [{ what, path, device }];
    return tree.isTrue(`${ZERO}.${old}`) ? [{ what, path: `${ZERO}.${old}`, device: 'cpu' }] : [];
  });
}

/** Pinned memory is what lets gradients go down beside backward (zero/offload_config.py@edaa722). */
export function offloadSections({ techniques }: Plan): Record<string, unknown> {
  const { fraction, gradients } = offloadOptimizer.of(techniques);
  const { device } = offloadParameters.of(techniques);
  return {
    ...(fraction === 0
      ? {}
      : {
          offload_optimizer: {
            device: 'cpu',
            pin_memory: gradients === 'async',
            ...(fraction === 1 ? {} : { ratio: fraction }),
          },
        }),
    ...(device === 'gpu' ? {} : { offload_param: { device: 'cpu', pin_memory: true } }),
  };
}

export const offload = ofTechniques((techniques) => {
  const stage = zero.of(techniques);
  const { fraction, stride, device } = offloadOptimizer.of(techniques);
  const id = offloadOptimizer.id;
  if (fraction > 0) {
    if (stage === 0) return no(id, 'offloaded optimizer with zero=0', 'zero=1, 2 or 3');
    if (fraction < 1 && stage !== 3)
      return no(id, `a fraction of ${fraction} with zero=${stage}`, 'zero=3, or all');
    if (stride !== null)
      return no(id, `a stride of ${stride}`, 'none: interleaved updates are a fork of DeepSpeed');
    if (device === 'disk')
      return no(id, 'optimizer states on NVMe', 'in host memory: nvme_path is not known');
  }
  const parameters = offloadParameters.of(techniques);
  if (parameters.device === 'gpu') return null;
  if (stage !== 3) return no(offloadParameters.id, `offloaded parameters with zero=${stage}`, 'zero=3');
  if (parameters.device === 'disk')
    return no(offloadParameters.id, 'parameters on NVMe', 'in host memory: nvme_path is not known');
  return parameters.window === RESIDENT.window
    ? null
    : no(offloadParameters.id, `a window of ${parameters.window} layers`, `${RESIDENT.window}`);
});

/** What a file offloads, as `--config` writes it. */
export function offloadedIn(tree: Tree): Record<string, string> {
  return Object.fromEntries(
    offloadsOf(tree).map(({ what, path, device }) => {
      const nvme = device === 'nvme';
      if (what === 'parameters') return [offloadParameters.id, nvme ? 'nvme' : 'host'];
      const ratio = tree.at(`${path}.ratio`);
      // Unpinned, or before pinning was the default (edaa722), each gradient goes down by itself.
      const sync = tree.at(`${path}.pin_memory`) === false ? ':sync' : '';
      return [offloadOptimizer.id, `${typeof ratio === 'number' ? ratio : 1}${sync}${nvme ? ':nvme' : ''}`];
    }),
  );
}
