import { InputError } from '../../domain/input-error.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { optimizerText } from '../../plan-text/optimizer-text.ts';
import { zero } from '../../techniques/zero.ts';
import { no, type Rule } from '../laws/rule.ts';
import type { ExpressedOptimizers } from '../port/framework.ts';
import type { Source } from '../port/reader.ts';
import type { Tree } from '../reading/tree.ts';

/**
 * Optimizers that DeepSpeed makes of its own file (deepspeed/runtime/config.py@edaa722, DEEPSPEED_OPTIMIZERS, and those of
 * torch.optim); without a type the program brings AdamW. Masters and moments are of fp32, or all is of bf16.
 */
export const DEEPSPEED_OPTIMIZERS: ExpressedOptimizers = {
  adamw: { master: ['fp32', 'none'] },
  'adamw-8bit': {},
  lion: {},
  sgd: { momentum: ['on', 'off'] },
  muon: {},
};

const RATE = { lr: 0.00015 };

/** Of `ds_config.json`; the learning rate is a trial's. */
export function optimizerConfig({ workload }: Problem, plan: Plan) {
  const { optimizer, optimizerOptions = {} } = workload;
  const momentum = optimizerOptions.momentum === 'off' ? 0 : 0.9;
  switch (optimizer) {
    case 'lion':
      return { optimizer: { type: 'Lion', params: RATE } };
    case 'muon':
      return { optimizer: { type: 'Muon', params: RATE } };
    case 'sgd':
      return {
        optimizer: { type: 'SGD', params: { ...RATE, momentum } },
        ...(zero.of(plan.techniques) > 0 ? { zero_allow_untested_optimizer: true } : {}),
      };
    case 'adamw-8bit':
      return zero.of(plan.techniques) > 0 ? { zero_allow_untested_optimizer: true } : {};
    default:
      return {};
  }
}

/** What `launch.sh` beside a file without an optimizer says that its program brings. */
function brought(tree: Tree, { beside }: Source): string | null {
  const script = tree.has('optimizer') ? null : (beside?.('launch.sh') ?? null);
  return /^export OPTIMIZER=(adamw-8bit)$/m.exec(script ?? '')?.[1] ?? null;
}

/** config.py@edaa722: no fp32 masters, and no fp32 moments, with ZeRO alone. */
export function bf16Config({ workload }: Problem) {
  return workload.optimizerOptions?.master === 'none'
    ? { bf16_master_weights_and_grads: true, bf16_optimizer_states: true }
    : {};
}

/** Stage 3 refuses Muon unless gradients are reduced whole (runtime/zero/stage3.py@edaa722), which is not estimated. */
export const optimizerStage: Rule = ({ workload }, { techniques }) => {
  const stage = zero.of(techniques);
  const text = optimizerText(workload);
  if (workload.optimizer === 'muon' && stage === 3)
    return no('optimizer-sharding', 'muon with zero=3', '0, 1 or 2');
  if (workload.optimizerOptions?.master !== 'none') return null;
  if (workload.precision !== 'bf16')
    return no('optimizer-precision', `${text} in ${workload.precision}`, 'bf16', 'Maybe --precision bf16.');
  return stage === 0 ? no('optimizer-sharding', `${text} with zero=0`, '1, 2 or 3') : null;
};

/** Types of other names, or of the program's own, with what has their states. */
const TYPES: Readonly<Record<string, string>> = {
  adam: 'adamw',
  adamw: 'adamw',
  lion: 'lion',
  muon: 'muon',
  sgd: 'sgd',
};

const ALIKE: Readonly<Record<string, readonly [id: string, why: string]>> = {
  lamb: ['adamw', 'which has as many states'],
  onebitadam: ['adamw', 'with gradients of full width'],
  zerooneadam: ['adamw', 'with gradients of full width'],
  onebitlamb: ['adamw', 'with gradients of full width'],
  muadam: ['adamw', 'which has the same states'],
  muadamw: ['adamw', 'which has the same states'],
  musgd: ['sgd', 'which has the same states'],
  adagrad: ['sgd', 'which has as many states'],
  adamw8bit: ['adamw-8bit', 'which the program has to bring: DeepSpeed makes none of that name'],
  adam8bit: ['adamw-8bit', 'which the program has to bring: DeepSpeed makes none of that name'],
  pagedadamw8bit: ['adamw-8bit', 'all of it on the GPU'],
  adafactor: ['adafactor', 'of fp32 rows and columns'],
};

/**
 * Types that DeepSpeed makes by itself, and others of torch.optim, which it takes by their names there
 * (deepspeed/runtime/engine.py@edaa722, _configure_basic_optimizer).
 */
export const OPTIMIZER_TYPES = [
  ...['AdamW', 'Adam', 'Lion', 'Muon', 'SGD', 'Lamb', 'OneBitAdam', 'ZeroOneAdam', 'OneBitLamb'],
  ...['MuAdam', 'MuAdamW', 'MuSGD', 'Adagrad', 'Adafactor', 'AdamW8bit', 'Adam8bit', 'PagedAdamW8bit'],
  ...['Adadelta', 'Adamax', 'ASGD', 'LBFGS', 'NAdam', 'RAdam', 'RMSprop', 'Rprop', 'SparseAdam'],
];

const plain = (type: string) => type.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

export function sameType(one: string, other: string): boolean {
  return plain(one) === plain(other);
}

/** What a file says of the optimizer. Throws InputError where nothing comes near its type. */
export function askedOptimizer(
  tree: Tree,
  source: Source,
): { readonly optimizer?: string; readonly notes: string[] } {
  const own = brought(tree, source);
  const type = own ?? tree.word('optimizer.type');
  const bf16 = tree.has('bf16') ? 'bf16' : 'bfloat16';
  const pure = tree.isTrue(`${bf16}.bf16_master_weights_and_grads`);
  const states = [
    ...(pure ? ['master=none'] : []),
    ...(pure && !tree.isTrue(`${bf16}.bf16_optimizer_states`) ? ['moments=fp32'] : []),
    ...gradientsOf(tree),
  ];
  const key = type === null ? 'adamw' : plain(type);
  const [id, why] = TYPES[key] === undefined ? (ALIKE[key] ?? []) : [TYPES[key]];
  if (id === undefined)
    throw new InputError({
      message: `optimizer.type is "${type}"`,
      expected: 'Adam, AdamW, Lion, Muon, SGD, or another whose states are as many',
      hint: 'Maybe --config with its degrees, and --optimizer with what has as many states.',
      at: { file: tree.file, line: tree.line('optimizer.type') },
    });
  const momentum = tree.at('optimizer.params.momentum') ?? 0;
  const words = [id, ...(id === 'sgd' && key === 'sgd' && momentum === 0 ? ['momentum=off'] : []), ...states];
  return {
    ...(words.join() === 'adamw' ? {} : { optimizer: words.join() }),
    notes: why === undefined || own !== null ? [] : [`optimizer ${type} is estimated as ${id}, ${why}`],
  };
}

/** runtime/constants.py@edaa722, GRAD_ACCUM_DTYPE. */
function gradientsOf(tree: Tree): string[] {
  const format = tree.word('data_types.grad_accum_dtype');
  return format === 'fp32' || format === 'bf16' ? [`gradients=${format}`] : [];
}
