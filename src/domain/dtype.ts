/** Number formats of compute. `fp8` has one scale a tensor, `fp8-rowwise` one a row. `mxfp8` and `nvfp4` are block-scaled; masters stay in fp32 whatever the compute dtype. */
export type Dtype = 'fp32' | 'tf32' | 'fp16' | 'bf16' | 'fp8' | 'fp8-rowwise' | 'mxfp8' | 'nvfp4';

/** What a training run may be asked to compute its linear layers in. */
export const PRECISIONS = ['bf16', 'fp16', 'tf32', 'fp32', 'fp8', 'fp8-rowwise', 'mxfp8', 'nvfp4'] as const;
export type Precision = (typeof PRECISIONS)[number];

/** Narrower than 16 bits: for linear layers alone, the rest computes in a wider format. */
export function isNarrow(precision: Dtype): boolean {
  return bitsOf(precision) < 16;
}

/** Tensors are of 4 bytes; `tf32` multiplies them at the rate of tensor cores. */
export function isFull(precision: Precision): precision is 'fp32' | 'tf32' {
  return precision === 'fp32' || precision === 'tf32';
}

/** The format of what is not for narrow ones: LM head, router, attention. */
export function wideOf(precision: Precision): 'bf16' | 'fp16' | 'tf32' | 'fp32' {
  return precision === 'fp16' || isFull(precision) ? precision : 'bf16';
}

/** Bytes of an element of what is not for narrow formats: activations, weights as they are computed with and gathered. */
export function wideBytes(precision: Precision): number {
  return bitsOf(wideOf(precision)) / 8;
}

/** Of the precisions that there are, the one to take in place of another: the next wider of those that models train in. */
export function nextBest(precision: Precision, has: readonly Precision[]): Precision {
  const narrow = isNarrow(precision) ? (['mxfp8', 'fp8'] as const) : [];
  const order: readonly Precision[] = [...narrow.slice(precision === 'nvfp4' ? 0 : 1), 'bf16', 'fp16'];
  return order.find((one) => one !== precision && has.includes(one)) ?? has[0] ?? 'fp32';
}

/** Bits of an element. */
export function bitsOf(dtype: Dtype): number {
  return BITS[dtype];
}

const BITS: Readonly<Record<Dtype, number>> = {
  fp32: 32,
  tf32: 32,
  fp16: 16,
  bf16: 16,
  fp8: 8,
  'fp8-rowwise': 8,
  mxfp8: 8,
  nvfp4: 4,
};
