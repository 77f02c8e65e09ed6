import type { Precision } from '../../domain/dtype.ts';
import { isKind } from '../../foreign/python/value.ts';
import { classOf } from './made.ts';
import type { TitanRun } from './run.ts';

/**
 * The converters of the model's linear layers. Float8LinearConverter scales by row unless it is told otherwise
 * (recipe_name in torchtitan/components/quantization/float8.py).
 */
export function precisionOf(run: TitanRun): Precision {
  if (run.sets('training.seq_len') && run.sets('model.name')) return precisionOfJob(run);
  const spec = run.at('model_spec');
  const own = isKind(spec, 'made') && classOf(spec) !== null ? spec.text : '';
  const converters = !run.sets('model_spec') && run.base?.float8 === true ? 'Float8LinearConverter' : own;
  if (/NVFP4\w*Converter/.test(converters)) return 'nvfp4';
  if (/MXFP8\w*Converter/.test(converters)) return 'mxfp8';
  if (!/Float8\w*Converter/.test(converters)) return 'bf16';
  return /tensorwise|enable_fsdp_float8_all_gather\s*=\s*True/.test(converters) ? 'fp8' : 'fp8-rowwise';
}

/** `converters = ["float8"]` and its section, or `enable_float8_linear` before there were converters. */
function precisionOfJob(run: TitanRun): Precision {
  const converters = run.at('model.converters');
  const has = (name: string) =>
    Array.isArray(converters) && converters.some((one) => String(one).includes(name));
  if (has('nvfp4')) return 'nvfp4';
  if (has('mx')) return 'mxfp8';
  if (!has('float8') && run.at('float8.enable_float8_linear') !== true) return 'bf16';
  const recipe = FLOAT8.map((section) => run.at(`${section}.recipe_name`)).find((one) => one !== undefined);
  // Without a recipe it scales by tensor (components/quantization/float8.py@cbdb31131).
  return recipe === undefined || recipe === null || recipe === 'tensorwise' ? 'fp8' : 'fp8-rowwise';
}

const FLOAT8 = ['float8', 'quantize.linear.float8', 'quantize.dense.float8'];
