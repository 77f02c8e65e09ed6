import { wideOf } from '../../domain/dtype.ts';
import type { Problem } from '../../domain/problem.ts';
import type { Lora, Training } from '../../domain/training.ts';
import type { TrainingFlags } from '../../plan-text/training-text.ts';
import { PEFT_NAMES } from '../laws/peft-modules.ts';
import type { Asked, Source } from '../port/reader.ts';

const ADAPTERS = 'adapter_config.json';
const QUANTISED = 'quantization_config.json';

/** What PEFT's LoraConfig is made from, and what bitsandbytes quantises frozen weights by. */
export function adapterFiles({ model, workload }: Problem): { path: string; content: string }[] {
  const { training } = model;
  if (training === undefined || training.lora === null) return [];
  const json = (path: string, value: object) => ({ path, content: `${JSON.stringify(value, null, 2)}\n` });
  const dtype = { bf16: 'bfloat16', fp16: 'float16', tf32: 'float32', fp32: 'float32' }[
    wideOf(workload.precision)
  ];
  return [
    json(ADAPTERS, loraConfig(training.lora)),
    ...(training.decoder === 'qlora'
      ? [
          // Sharded as they are stored: ZeRO-3 and FSDP gather parameters of one type (PEFT 0.10, QLoRA with ZeRO-3).
          json(QUANTISED, {
            load_in_4bit: true,
            bnb_4bit_quant_type: 'nf4',
            bnb_4bit_use_double_quant: true,
            bnb_4bit_compute_dtype: dtype,
            bnb_4bit_quant_storage: dtype,
          }),
        ]
      : []),
  ];
}

function loraConfig({ rank, modules, dropout }: Lora) {
  return {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    r: rank,
    lora_dropout: dropout,
    bias: 'none',
    target_modules: modules.map((one) => PEFT_NAMES[one]!),
  };
}

/** How a program of one's own is told of them. */
export function adapterVariables(training: Training | undefined): Record<string, string> {
  return training?.lora == null
    ? {}
    : {
        ADAPTER_CONFIG: ADAPTERS,
        ...(training.decoder === 'qlora' ? { QUANTIZATION_CONFIG: QUANTISED } : {}),
      };
}

/** What files beside a configuration say is trained. */
export function adaptersBeside({ beside, value }: Source): Pick<Asked, 'training'> {
  const text = beside?.(ADAPTERS) ?? null;
  if (text === null) return {};
  const config = value(text).value as Partial<Record<string, unknown>> | null;
  const modules = config?.target_modules;
  const stated = (key: string) => (typeof config?.[key] === 'number' ? String(config[key]) : undefined);
  const rank = stated('r');
  const dropout = stated('lora_dropout');
  const training: TrainingFlags = {
    train: beside?.(QUANTISED) == null ? 'lora' : 'qlora',
    ...(rank === undefined ? {} : { 'lora-rank': rank }),
    ...(dropout === undefined ? {} : { 'lora-dropout': dropout }),
    ...(Array.isArray(modules) ? { 'lora-modules': modules.join(',') } : {}),
    ...(modules === 'all-linear' ? { 'lora-modules': modules } : {}),
  };
  return { training };
}
