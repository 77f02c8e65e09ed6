import { InputError } from '../../domain/input-error.ts';
import { formOf, type LoraModule, type Training } from '../../domain/training.ts';
import { isKind, type Made, type Value } from '../../foreign/python/value.ts';
import type { TrainingFlags } from '../../plan-text/training-text.ts';
import { no, type ProblemRule } from '../laws/rule.ts';
import { classOf } from './made.ts';
import { titanModelOf } from './registry.ts';
import type { TitanRun } from './run.ts';

/** The last words of its linears' names; query, key and value of its Llama 3 and Qwen3 models are one (fuse_qkv, models@b5bcd76). */
const NAMES: Partial<Record<LoraModule, string>> = {
  qkv: 'wqkv',
  o: 'wo',
  gate: 'w1',
  up: 'w3',
  down: 'w2',
};
const HEAD = 'lm_head';
/** Experts are no linears of torchtitan: its converter leaves them as they are. */
const OF_EXPERTS: readonly LoraModule[] = ['gate', 'up', 'down'];
const CONVERTER = 'LoRAConverter';
const USUAL_RANK = 8;
const SPEC = 'model_spec';
const DTYPE = 'training.dtype';

/** What a LoRAConverter can be told (torchtitan/components/lora.py@b5bcd76). */
export const adapters: ProblemRule = ({ model, workload: { optimizerOptions = {} } }) => {
  const lora = model.training?.lora;
  if (lora == null || formOf(model.training) !== 'lora') return null;
  const experts = titanModelOf(model)?.experts != null;
  const known = Object.keys(NAMES).filter((name) => !experts || !OF_EXPERTS.includes(name as LoraModule));
  const odd = lora.modules.find((name) => !known.includes(name));
  if (odd !== undefined)
    return no('lora-modules', odd, known.join(', '), `Maybe --lora-modules ${known.join(',')}.`);
  if (lora.dropout > 0)
    return no('lora-dropout', `--lora-dropout ${lora.dropout}`, '0: its adapters drop nothing');
  const trained = optimizerOptions.master === 'none' ? 'bf16' : 'fp32';
  const frozen = model.training?.frozenWeights ?? 'bf16';
  return trained === frozen
    ? null
    : no(
        'frozen-weights',
        `frozen weights in ${frozen} beside trained ones in ${trained}`,
        'both alike: torchtitan holds both as training.dtype says',
        frozen === 'bf16'
          ? 'Maybe --optimizer adamw,master=none, or frozen-weights=fp32 in --train.'
          : 'Maybe --train lora.',
      );
};

/** The argument of `model_registry` that makes adapters, none where all is trained. */
export function adapterArgument(training: Training | undefined): string {
  if (training?.lora == null) return '';
  const { rank, modules } = training.lora;
  const targets = modules.map((one) => `"${NAMES[one]}"`).join(', ');
  return `, converters=[${CONVERTER}.Config(rank=${rank}, target_modules=[${targets}])]`;
}

export function adapterImports(training: Training | undefined): string[] {
  return training?.lora == null ? [] : [`from torchtitan.components.lora import ${CONVERTER}`];
}

/** What a recipe says is trained; what it freezes is held as `training.dtype` says. Throws InputError where it says what is not literal. */
export function trainedBy(run: TitanRun): { readonly training?: TrainingFlags } {
  const path = run.paths.find((one) => converterIn(run.at(one)) !== null);
  if (path === undefined) return {};
  const converter = converterIn(run.at(path))!;
  const refused = (message: string, expected: string, hint: string): never => {
    throw new InputError({ message, expected, hint, at: { file: run.file, line: run.line(path) } });
  };
  if (path !== SPEC)
    refused(
      `${path} has a ${CONVERTER}`,
      `it among converters of ${SPEC}`,
      'Maybe --config with its degrees, and --train lora.',
    );
  const rank = converter.keywords.get('rank') ?? USUAL_RANK;
  const targets = converter.keywords.get('target_modules') ?? null;
  const experts = run.model?.experts != null;
  if (targets === null && experts)
    refused(
      `a ${CONVERTER} on every linear`,
      'target_modules: adapters of a router are not estimated',
      'Maybe ["wqkv", "wo"].',
    );
  const named = targets === null ? [...Object.values(NAMES), HEAD] : targets;
  const modules = Array.isArray(named)
    ? named.map((one) => (typeof one === 'string' ? moduleOf(one, experts) : null))
    : [null];
  if (typeof rank !== 'number' || modules.includes(null))
    refused(
      `${CONVERTER} is ${converter.text}`,
      `a rank, and target_modules among ${[...Object.values(NAMES), HEAD].join(', ')}${experts ? ' that are not of experts' : ''}`,
      'Maybe --config with its degrees, and --train lora.',
    );
  const layers = modules.filter((one) => one !== 'head');
  return {
    training: {
      train: [
        layers.length > 0 ? 'lora' : 'frozen',
        ...(modules.includes('head') ? ['head=lora'] : []),
        ...(run.at(DTYPE) === 'bfloat16' ? [] : ['frozen-weights=fp32']),
      ].join(),
      'lora-rank': String(rank),
      ...(layers.length > 0 ? { 'lora-modules': layers.join(',') } : {}),
      'lora-dropout': '0',
    },
  };
}

function moduleOf(name: string, experts: boolean): LoraModule | null {
  if (name === HEAD) return 'head';
  const [module = null] = (Object.keys(NAMES) as LoraModule[]).filter((one) => NAMES[one] === name);
  return module !== null && experts && OF_EXPERTS.includes(module) ? null : module;
}

function converterIn(value: Value | undefined): Made | null {
  const among = (all: readonly Value[]) => all.map(converterIn).find((one) => one !== null) ?? null;
  if (Array.isArray(value)) return among(value);
  if (!isKind(value, 'made')) return null;
  return classOf(value) === CONVERTER ? value : among([...value.keywords.values(), ...value.args]);
}
