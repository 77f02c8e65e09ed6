import { allGpus } from '../../src/catalogue/gpus.ts';
import { loadStack } from '../../src/catalogue/stacks.ts';
import type { Problem } from '../../src/domain/problem.ts';
import { COEFFICIENT_TABLE, coefficients } from '../../src/hardware/coefficients.ts';
import type { Case } from './cases.ts';

/** One constant that the fit may move, on a logarithmic scale between its bounds. */
export interface Knob {
  readonly name: string;
  /** Where fitting starts, and what it is drawn to. */
  readonly start: number;
  readonly low: number;
  readonly high: number;
  /** Where the fit ends on one of the two: why that is taken. */
  readonly bound?: string;
}

export type Values = Readonly<Record<string, number>>;

/** Values are written with four digits. */
export function onBound({ low, high }: Knob, value: number): boolean {
  return [low, high].some((bound) => Math.abs(value / bound - 1) < 1e-6);
}

/** Facts of stacks and GPUs that are fitted with the coefficients; their values stand in the YAML files named. */
const FACTS: readonly Knob[] = [
  // configs/stacks: host.timePerUnit of the stacks up to 2023, and of later ones; host.timePerStep of all.
  { name: 'hostOld', start: 45e-6, low: 10e-6, high: 90e-6 },
  { name: 'hostNew', start: 20e-6, low: 3e-6, high: 90e-6 },
  { name: 'stepSeconds', start: 0.02, low: 1e-3, high: 100e-3 },
  // configs/stacks: overlap.
  { name: 'overlap.tensor.megatron-core', start: 0.5, low: 0.05, high: 0.9 },
  {
    name: 'overlap.data.fsdp',
    start: 0.9,
    low: 0.4,
    high: 1,
    bound:
      'prefetching hides all that there is compute for; what does not fit behind compute is exposed anyway',
  },
  { name: 'overlap.context', start: 0.5, low: 0.05, high: 0.98 },
];

/** hardware-profiles/gpus: sustainedSlowdown, one for all GPUs of the same sustainedFit; what is expected of some. */
const EXPECTED: Readonly<Record<string, Omit<Knob, 'name'>>> = {
  ampere: { start: 1.03, low: 0.95, high: 1.25 },
  hopper: { start: 1.12, low: 1, high: 1.35 },
  'h100-500w': { start: 1.35, low: 1, high: 1.6 },
  // As of 1,200 W at 1,000 W (powerExponent).
  'blackwell-hgx': { start: 1.27, low: 1, high: 1.5 },
  // Tensor cores at half rate leave power over.
  'half-rate': { start: 1.03, low: 0.95, high: 1.2 },
};
const SUSTAINED: Omit<Knob, 'name'> = { start: 1.12, low: 0.85, high: 1.4 };

/** The knob of a GPU's sustained slowdown. */
export function sustainedKnob(fit: string): string {
  return `sustained.${fit}`;
}

export const OLD_STACKS = ['megatron-2021', 'megatron-2022', 'megatron-deepspeed-2022', 'megatron-2023'];

export function knobs(): Knob[] {
  const table = Object.entries(COEFFICIENT_TABLE).filter(([, c]) => c.status === 'fitted');
  return [
    ...table.map(([name, c]) => ({
      name,
      start: c.start,
      low: c.bounds[0],
      high: c.bounds[1],
      ...(c.bound === undefined ? {} : { bound: c.bound }),
    })),
    ...FACTS,
    ...[...new Set(allGpus().flatMap(({ sustainedFit }) => sustainedFit ?? []))].map((fit) => ({
      name: sustainedKnob(fit),
      ...(EXPECTED[fit] ?? SUSTAINED),
    })),
  ];
}

/** What stands in the project: the table's values and, of facts, one of the stacks or GPUs that share it. */
export function inUse(): Values {
  const [old, core, fsdp] = [OLD_STACKS[0]!, 'megatron-core', 'torch-fsdp2'].map(loadStack);
  return {
    ...coefficients(),
    hostOld: old!.host.secondsPerUnit,
    hostNew: core!.host.secondsPerUnit,
    stepSeconds: core!.host.secondsPerStep,
    'overlap.tensor.megatron-core': core!.overlap.userbuffers!,
    'overlap.data.fsdp': fsdp!.overlap.dataParallel,
    'overlap.context': core!.overlap.contextParallel,
    ...Object.fromEntries(
      allGpus().flatMap(({ sustainedFit, sustainedSlowdown }) =>
        sustainedFit === null ? [] : [[sustainedKnob(sustainedFit), sustainedSlowdown]],
      ),
    ),
  };
}

/** The problem as it would be with those values, and with no multiplier of its stack; what a run states stays as stated. */
export function apply({ problem }: Pick<Case, 'problem'>, v: Values): Problem {
  const { stack, cluster } = problem;
  const old = OLD_STACKS.includes(stack.id);
  const group = cluster.groups[0]!;
  const { sustainedFit, sustainedSlowdown } = group.gpu;
  const fitted = sustainedFit === null ? undefined : v[sustainedKnob(sustainedFit)];
  const gpu = { ...group.gpu, sustainedSlowdown: fitted ?? sustainedSlowdown };
  return {
    ...problem,
    coefficients: v,
    cluster: { ...cluster, groups: [{ ...group, gpu }] },
    stack: {
      ...stack,
      timeMultiplier: { ...stack.timeMultiplier, value: 1 },
      host: {
        secondsPerUnit: old ? v.hostOld! : stack.id === 'xla' ? stack.host.secondsPerUnit : v.hostNew!,
        secondsPerStep: v.stepSeconds!,
      },
      overlap: {
        ...stack.overlap,
        ...(stack.overlap.userbuffers === undefined
          ? {}
          : { userbuffers: v['overlap.tensor.megatron-core']! }),
        dataParallel: stack.fullySharded ? v['overlap.data.fsdp']! : stack.overlap.dataParallel,
        contextParallel: old ? stack.overlap.contextParallel : v['overlap.context']!,
      },
    },
  };
}
