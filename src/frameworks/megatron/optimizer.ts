import { InputError } from '../../domain/input-error.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { isAligned } from '../../optimizers/aligned-layout.ts';
import { optimizerOf } from '../../optimizers/index.ts';
import { optimizerText } from '../../plan-text/optimizer-text.ts';
import { zero } from '../../techniques/zero.ts';
import { no, type ProblemRule, type Rule } from '../laws/rule.ts';
import type { ExpressedOptimizers } from '../port/framework.ts';
import type { MegatronRun } from './run.ts';

/**
 * Megatron-LM's optimizers (megatron/training/arguments.py@d98e8a6, megatron/core/optimizer/optimizer_config.py). All but the
 * first two are those of emerging_optimizers, which gives AdamW what is no matrix of a layer; its SOAP updates the bases each
 * step and multiplies in fp32.
 */
export const MEGATRON_OPTIMIZERS: ExpressedOptimizers = {
  adamw: {
    master: ['fp32', 'fp16'],
    moments: ['fp32', 'fp16', 'bf16', 'fp8'],
    gradients: ['fp32', 'bf16'],
  },
  sgd: { momentum: ['on', 'off'], gradients: ['fp32', 'bf16'] },
  muon: {
    tp: ['duplicated', 'distributed', 'blockwise'],
    steps: optimizerOf('muon').options.steps!.values,
    rest: ['adamw', 'lion'],
    gradients: ['fp32', 'bf16'],
    layout: ['plain', 'aligned'],
  },
  lion: { rest: ['adamw'], gradients: ['fp32', 'bf16'], layout: ['plain', 'aligned'] },
  soap: {
    frequency: ['1'],
    products: ['fp32'],
    gradients: ['fp32', 'bf16'],
    layout: ['plain', 'aligned'],
  },
};

const NAMES: Readonly<Record<string, string>> = { adamw: 'adam' };
const ADAM = 'adam';

/** Nothing for AdamW as the parser has it. */
export function optimizerArguments({ workload }: Problem, plan: Plan): (string | number)[] {
  const { optimizer, optimizerOptions = {} } = workload;
  const { master, moments, gradients, momentum, tp, steps, rest } = optimizerOptions;
  const [first, second = first] = moments?.split('/') ?? [];
  const aware = isPrecisionAware(workload);
  const name = NAMES[optimizer] ?? optimizer;
  const whole = isWhole(workload) && zero.of(plan.techniques) > 0;
  return [
    ...(name === ADAM ? [] : ['--optimizer', name]),
    ...(aware ? ['--use-precision-aware-optimizer'] : []),
    ...(master === undefined ? [] : ['--main-params-dtype', master]),
    ...(first === undefined || second === undefined
      ? []
      : ['--exp-avg-dtype', first, '--exp-avg-sq-dtype', second]),
    ...(gradients === 'bf16' ? ['--grad-reduce-in-bf16'] : []),
    ...(gradients === 'bf16' && aware ? ['--main-grads-dtype', 'bf16'] : []),
    ...(gradients === 'fp32' ? ['--accumulate-allreduce-grads-in-fp32'] : []),
    ...(momentum === 'off' ? ['--sgd-momentum', 0] : []),
    ...(tp === undefined ? [] : ['--muon-tp-mode', tp]),
    ...(steps === undefined ? [] : ['--muon-num-ns-steps', steps]),
    ...(optimizer === 'muon' && rest !== undefined ? ['--muon-scalar-optimizer', rest] : []),
    ...(whole && !isAligned(optimizerOptions) ? ['--no-use-layer-wise-param-layout'] : []),
  ];
}

function isPrecisionAware({ optimizer, optimizerOptions = {} }: Problem['workload']): boolean {
  return optimizer === 'adamw' && (optimizerOptions.master ?? optimizerOptions.moments) !== undefined;
}

/** Of emerging_optimizers. */
export function isWhole({ optimizer }: Problem['workload']): boolean {
  return optimizer !== 'adamw' && optimizer !== 'sgd';
}

/** optimizer_config.py and core/optimizer/__init__.py@d98e8a6: "emerging optimizer with fp16 is not supported". */
export const optimizerPrecision: ProblemRule = ({ workload }) =>
  workload.precision === 'fp16' && (isWhole(workload) || workload.optimizerOptions?.gradients === 'bf16')
    ? no(
        'optimizer-precision',
        `${optimizerText(workload)} in fp16`,
        'bf16 or fp8',
        'Maybe --precision bf16.',
      )
    : null;

/** Precision-aware states are those of the distributed optimizer; Megatron-FSDP knows Adam and SGD, with types of its own. */
export const optimizerSharding: Rule = ({ workload }, { techniques }) => {
  const stage = zero.of(techniques);
  const text = optimizerText(workload);
  if (isPrecisionAware(workload) && stage === 0)
    return no('optimizer-sharding', `${text} with zero=0`, 'zero=1', 'Maybe --optimizer adamw.');
  return stage > 1 && (isWhole(workload) || isPrecisionAware(workload))
    ? no('optimizer-sharding', `${text} with zero=${stage}`, `${isWhole(workload) ? '0 or ' : ''}1`)
    : null;
};

/** What a run says of its optimizer. Throws InputError where no module has it. */
export function askedOptimizer(run: MegatronRun): { readonly optimizer?: string } {
  const name = run.word('--optimizer') ?? ADAM;
  const aware = run.has('--use-precision-aware-optimizer');
  const bf16 = run.has('--grad-reduce-in-bf16') || (aware && run.word('--main-grads-dtype') === 'bf16');
  const gradients = bf16
    ? ['gradients=bf16']
    : run.has('--accumulate-allreduce-grads-in-fp32')
      ? ['gradients=fp32']
      : [];
  const own = OWN[name === 'dist_muon' ? 'muon' : name]?.(run, aware);
  if (own === undefined)
    throw new InputError({
      message: `--optimizer ${name} is not estimated`,
      expected: `one of ${Object.keys(OWN).join(', ')}`,
      at: { file: run.file, line: run.line('--optimizer') },
    });
  const words = [...own, ...gradients, ...layoutOf(run, name)];
  return words.join() === 'adamw' ? {} : { optimizer: words.join() };
}

const OWN: Readonly<Record<string, (run: MegatronRun, aware: boolean) => string[]>> = {
  adam: (run, aware) => {
    const format = (flag: string) => run.word(flag) ?? 'fp32';
    const moments = `${format('--exp-avg-dtype')}/${format('--exp-avg-sq-dtype')}`;
    return [
      'adamw',
      ...(aware && format('--main-params-dtype') !== 'fp32'
        ? [`master=${format('--main-params-dtype')}`]
        : []),
      ...(aware && moments !== 'fp32/fp32' ? [`moments=${moments}`] : []),
    ];
  },
  sgd: (run) => ['sgd', ...(Number(run.word('--sgd-momentum') ?? 0.9) === 0 ? ['momentum=off'] : [])],
  muon: (run) => [
    'muon',
    ...said(run, 'tp', '--muon-tp-mode'),
    ...said(run, 'steps', '--muon-num-ns-steps'),
    ...(run.word('--muon-scalar-optimizer') === 'lion' ? ['rest=lion'] : []),
  ],
  lion: () => ['lion', 'rest=adamw'],
  soap: () => ['soap', 'frequency=1'],
};

function said(run: MegatronRun, option: string, flag: string): string[] {
  const value = run.word(flag);
  return value === null ? [] : [`${option}=${value}`];
}

/** Aligned unless a flag says otherwise, where states are shared out. */
function layoutOf(run: MegatronRun, name: string): string[] {
  const whole = name !== ADAM && name !== 'sgd';
  const sharded = run.has('--use-distributed-optimizer') || name === 'dist_muon';
  return whole && sharded && !run.has('--no-use-layer-wise-param-layout') ? ['layout=aligned'] : [];
}
