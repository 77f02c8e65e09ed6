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
