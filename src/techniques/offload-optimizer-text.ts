import { Misread } from './misread.ts';
import { percentMeant } from './percent.ts';

/** How much of the optimizer's states lies off the GPU, and how it is updated there. */
export interface OptimizerOffload {
  /** Of the states that a GPU would have; 0: none. */
  readonly fraction: number;
  /** Every so many-th subgroup is updated on the GPU, the others meanwhile by the CPU; null: all by the CPU. */
  readonly stride: number | null;
  /** Gradients go down beside backward, pinned, or each in the open. */
  readonly gradients: 'async' | 'sync';
  readonly device: 'host' | 'disk';
}

export const ON_GPU: OptimizerOffload = { fraction: 0, stride: null, gradients: 'async', device: 'host' };
/** As a configuration has it. */
export function format({ fraction, stride, gradients, device }: OptimizerOffload): string {
  return [
    String(fraction),
    ...(stride === null ? [] : [`stride${stride}`]),
    ...(gradients === 'sync' ? ['sync'] : []),
    ...(device === 'disk' ? ['nvme'] : []),
  ].join(':');
}

/** `1`, `0.5`, `1:stride2`, `1:sync`, `1:nvme`. */
export function parse(text: string): OptimizerOffload | Misread {
  const [share = '', ...words] = text.split(':');
  const misread = new Misread(
    'a fraction from 0 to 1, and after it :strideN (2 or more), :sync, :nvme',
    percentMeant(share),
  );
  const fraction = Number(share);
  if (!/^\d*\.?\d+$/.test(share) || fraction > 1) return misread;
  let value: OptimizerOffload = { ...ON_GPU, fraction };
  for (const word of words) {
    const stride = /^stride(\d+)$/.exec(word)?.[1];
    if (stride !== undefined && Number(stride) >= 2) value = { ...value, stride: Number(stride) };
    else if (word === 'sync') value = { ...value, gradients: 'sync' };
    else if (word === 'async') value = { ...value, gradients: 'async' };
    else if (word === 'nvme') value = { ...value, device: 'disk' };
    else return misread;
  }
  return fraction === 0 ? ON_GPU : value;
}
