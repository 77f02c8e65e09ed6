import type { Parts } from '../domain/estimate.ts';

/** Parts of a step under the heading that they belong to. */
export interface TimeClass {
  readonly name: string;
  readonly parts: readonly (readonly [name: string, seconds: number])[];
}

const COMPUTING = 'computing';
const EXPOSED = 'exposed communication';
const WAITING = 'waiting';
const OPTIMIZER = 'optimizer';
const OVERHEAD = 'overhead';

/** By the parts of an estimate: its operator classes, what communication is in the open, who waits, what stands once a step. */
const CLASS_OF: Readonly<Record<string, string>> = {
  'matrix multiplication': COMPUTING,
  attention: COMPUTING,
  'memory-bound kernels': COMPUTING,
  recomputation: COMPUTING,
  'embedding, head and loss': COMPUTING,
  'layers as measured': COMPUTING,
  'host-bound launches': COMPUTING,
  'contention with communication': COMPUTING,
  'tensor-parallel communication': EXPOSED,
  'context-parallel communication': EXPOSED,
  'expert-parallel communication': EXPOSED,
  'pipeline transfers': EXPOSED,
  'sharded-parameter communication': EXPOSED,
  'gradient reduction': EXPOSED,
  'gradients to the host': EXPOSED,
  'parameter gathering': EXPOSED,
  'outer synchronisation': EXPOSED,
  'pipeline bubble': WAITING,
  'unlike packed samples': WAITING,
  optimizer: OPTIMIZER,
  'step overhead': OVERHEAD,
};

/** The degree that a part is paid for, as tables call it. */
const PAID_FOR: Readonly<Record<string, string>> = {
  'tensor-parallel communication': 'TP',
  'context-parallel communication': 'CP',
  'expert-parallel communication': 'EP',
  'pipeline transfers': 'PP',
  'pipeline bubble': 'PP',
  'sharded-parameter communication': 'DP',
  'gradient reduction': 'DP',
  'gradients to the host': 'DP',
  'parameter gathering': 'DP',
};

/** What stands for models beside the trained one. */
const BESIDE = 'models beside';

/** Parts above nothing, by class; each in the order of the estimate. */
export function timeClasses(time: Parts): TimeClass[] {
  const classes = new Map<string, [string, number][]>();
  for (const [name, seconds] of Object.entries(time)) {
    if (seconds <= 0) continue;
    const key = CLASS_OF[name] ?? BESIDE;
    const known = classes.get(key) ?? [];
    known.push([name, seconds]);
    classes.set(key, known);
  }
  const order = [COMPUTING, EXPOSED, WAITING, OPTIMIZER, OVERHEAD, BESIDE];
  return order.flatMap((name) => {
    const parts = classes.get(name);
    return parts === undefined ? [] : [{ name, parts }];
  });
}

/** `gradient reduction (DP)` */
export function paidFor(part: string): string {
  const degree = PAID_FOR[part];
  return degree === undefined ? part : `${part} (${degree})`;
}
