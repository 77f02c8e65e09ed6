import type { Precision } from '../../domain/dtype.ts';
import { isKind } from '../../foreign/python/value.ts';
import { classOf } from './made.ts';
import type { TitanRun } from './run.ts';

/**
 * The converters of the model's linear layers. Float8LinearConverter scales by row unless it is told otherwise
 * (recipe_name in torchtitan/components/quantization/float8.py).
 */
export function precisionOf(run: TitanRun): Precision {
  const spec = run.at('model_spec');
  const own = isKind(spec, 'made') && classOf(spec) !== null ? spec.text : '';
  const converters = !run.sets('model_spec') && run.base?.float8 === true ? 'Float8LinearConverter' : own;
  if (/NVFP4\w*Converter/.test(converters)) return 'nvfp4';
  if (/MXFP8\w*Converter/.test(converters)) return 'mxfp8';
  if (!/Float8\w*Converter/.test(converters)) return 'bf16';
  return /tensorwise|enable_fsdp_float8_all_gather\s*=\s*True/.test(converters) ? 'fp8' : 'fp8-rowwise';
}
