import type { Lora, LoraModule } from '../../domain/training.ts';
import {
  type Communication,
  type Kernel,
  kept,
  type LayerContext,
  type Operator,
  operator,
  stream,
} from '../operator.ts';
import { localParameters, matrix, type Weight } from '../weight.ts';

/** What one kernel works out at once, and one adapter may stand beside as a whole. */
export const FUSED: Partial<Record<LoraModule, readonly LoraModule[]>> = {
  qkv: ['q', 'k', 'v'],
  fc1: ['gate', 'up'],
};

/** Launches of one adapter: two products, the scaling, the addition; one more where it drops. */
const UNITS = 4;

/** The adapters beside a linear, as one operator after it; null: none. The base is frozen: only A and B are trained. */
export function adapterOf(base: Operator, lora: Lora, context: LayerContext): Operator | null {
  const shape = base.kernels.find((kernel): kernel is Kernel & { kind: 'gemm' } => kernel.kind === 'gemm');
  const parts = adapted(base.weights, lora.modules);
  if (shape === undefined || parts.length === 0) return null;
  const { local } = context;
  const { m, n, k, count } = shape;
  const { rank, dropout } = lora;
  const e = local.elementBytes;
  const rows = m * count;
  const alone = parts.length === 1 && base.weights.filter(({ targets }) => targets.length > 0).length === 1;
  const kernels = parts.flatMap((part): Kernel[] => {
    const outputs = alone ? n : localParameters({ ...part, rows: 1, count: 1 }, local);
    return [
      // Thin: their time is that of the bytes they move.
      { kind: 'gemm', m, n: rank, k, count, wide: true },
      { kind: 'gemm', m, n: outputs, k: rank, count, wide: true },
      // Added to what the linear gives, and in backward to the gradient of its input.
      stream('element-wise', e * rows * outputs, e * rows * k),
      ...(dropout > 0 ? [stream('element-wise', (2 * e + 1) * rows * k, (2 * e + 1) * rows * k)] : []),
    ];
  });
  const perPart = e * rows * rank + (dropout > 0 ? (e + 1) * rows * k : 0);
  return operator({
    name: `${base.name}-adapter`,
    modules: base.modules,
    kernels,
    communication: parts.flatMap((part) => summedOverTensor(part, e * rows * rank, context)),
    saved: [kept(parts.length * perPart, ...base.modules)],
    hostUnits: parts.length * (UNITS + (dropout > 0 ? 1 : 0)),
    weights: parts.flatMap((part) => pairOf(part, rank)),
    dynamic: base.dynamic === true,
  });
}

/** The matrices of a linear that have adapters, each by itself, or those of one kernel together. */
function adapted(weights: readonly Weight[], modules: readonly LoraModule[]): Weight[] {
  const targeted = weights.filter(({ targets }) => targets.length > 0);
  const names = targeted.flatMap(({ targets }) => targets);
  const together = modules.some((one) => {
    const fused = FUSED[one];
    return fused?.at(-1) === names.at(-1) && names.every((name) => fused?.includes(name) === true);
  });
  const [first] = targeted;
  if (first !== undefined && together) {
    return [{ ...first, columns: targeted.reduce((sum, { columns }) => sum + columns, 0) }];
  }
  return targeted.flatMap((weight) => {
    const { targets, columns, least } = weight;
    const one = { ...weight, columns: columns / targets.length, least: least / targets.length };
    return targets.filter((name) => modules.includes(name)).map(() => one);
  });
}

/** A and B of a matrix: the side that GPUs share keeps that, the other lies whole on each. */
function pairOf({ rows, columns, split, least, count, active }: Weight, rank: number): Weight[] {
  const whole = split === 'expert' ? 'expert' : 'replicated';
  const each = { part: 'adapters', count, active };
  if (split === 'vocabulary')
    return [
      matrix({ ...each, rows, columns: rank, split }),
      matrix({ ...each, rows: rank, columns, split: 'replicated' }),
    ];
  return [
    matrix({ ...each, rows, columns: rank, split: whole }),
    matrix({ ...each, rows: rank, columns, split, least }),
  ];
}

/** What lies between A and B is as narrow as the rank, and each GPU of a tensor-parallel group has part of it. */
function summedOverTensor({ split }: Weight, bytes: number, { local }: LayerContext): Communication[] {
  const group = split === 'expert' ? 'expert-tensor' : 'tensor';
  const size = split === 'expert' ? local.expertTensorParallel : local.tensorParallel;
  if (size === 1 || split === 'replicated') return [];
  return (['forward', 'backward'] as const).map((pass) => ({ group, collective: 'allReduce', bytes, pass }));
}
