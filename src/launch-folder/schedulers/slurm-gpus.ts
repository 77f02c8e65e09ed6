import type { Reason } from '../../domain/reason.ts';
import type { SbatchOptions } from '../../domain/sbatch.ts';

/** How GPUs of a node are asked for. */
export interface GpuRequest {
  readonly key: 'gpus-per-node' | 'gres';
  readonly value: string;
}

/** `--gres=gpu:h100:8` or `--gpus-per-node=h100:8`: the type as it is stated, the number from the plan where none is. */
export function gpuRequest(options: SbatchOptions, gpus: number): GpuRequest | Reason {
  const gres = String(options.gres ?? '').split(',');
  const at = gres.findIndex((one) => /^(gres[:/])?gpu(:|$)/.test(one));
  if (at < 0) {
    const [type, stated] = typeAndNumber(String(options['gpus-per-node'] ?? ''));
    const number = stated ?? gpus;
    return number < gpus
      ? tooFew(`gpus-per-node=${options['gpus-per-node']}`, gpus)
      : request('gpus-per-node', type, number);
  }
  const [type, stated] = typeAndNumber(gres[at]!.replace(/^(gres[:/])?gpu:?/, ''));
  const number = stated ?? gpus;
  if (number < gpus) return tooFew(`gres=${options.gres}`, gpus);
  const value = gres
    .map((one, i) => (i === at ? `gpu:${request('gres', type, number).value}` : one))
    .join(',');
  return { key: 'gres', value };
}

const request = (key: GpuRequest['key'], type: string, number: number): GpuRequest => ({
  key,
  value: type === '' ? String(number) : `${type}:${number}`,
});

/** `h100:8`, `h100` or `8`. */
function typeAndNumber(text: string): [type: string, number: number | null] {
  const [, type = '', number] = /^([A-Za-z][^:]*)?:?(\d+)?/.exec(text) ?? [];
  return [type, number === undefined ? null : Number(number)];
}

const tooFew = (actual: string, gpus: number): Reason => ({
  rule: 'gpus-per-node',
  actual: `sbatch option ${actual}`,
  limit: `at least the ${gpus} GPUs that the plan uses on a host`,
  hint: 'Maybe the type alone: its number follows from the plan.',
});
