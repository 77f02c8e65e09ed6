import { wideBytes } from '../domain/dtype.ts';
import { type MemoryTerm, memoryTerm } from '../domain/memory-term.ts';
import type { Problem } from '../domain/problem.ts';
import { statesIn } from '../domain/stack.ts';
import { drainRate, exchangeSeconds, hostOf, updateRate } from '../hardware/host.ts';
import { countParameters } from '../layers/parameters.ts';
import type { Held, Holding } from './holding.ts';
import { format, ON_GPU, type OptimizerOffload, parse } from './offload-optimizer-text.ts';
import { type StageContext, type StateContext, technique } from './technique.ts';
import { NO_TRAFFIC, type StepStates, type StepTraffic } from './traffic.ts';
import { zero } from './zero.ts';

const ALL: OptimizerOffload = { ...ON_GPU, fraction: 1 };

/** Optimizers that a CPU has kernels of (DeepSpeed's CPUAdam and CPULion, PyTorch's own); those over whole matrices are left to GPUs. */
const ON_CPU: readonly string[] = ['adamw', 'lion', 'sgd'];

/** fp32 masters, moments and gradients read, masters, moments and 16-bit weights written: bytes a parameter in the host's memory. */
const UPDATE_BYTES = 30;
/** A gradient widened on the GPU before it goes down. */
const WIDENED_BYTES = 4;
/** Masters and moments, one way. */
const STATE_BYTES = 12;
/** The host has gradients as they arrive, 16 bits, and widened. */
const HOST_GRADIENT_BYTES = 6;
/**
 * Of the states that the CPU updates between those of the GPU, second copies on the host: the study's logs come to 3 to 17 B a parameter
 * more with a stride than without, 5 to 9 in most; with pinned memory's rounding this is 9.
 */
const STAGED = 0.5;
/** Parameters after which a subgroup is closed (sub_group_size of the study's runs), and of a layer what the weight that closes it adds: half of the largest. */
const SUBGROUP = 1e8;
const LAST_WEIGHT = 0.26;

/**
 * ZeRO-Offload (Ren et al. 2021, arXiv 2101.06840): masters and moments in host memory, gradients go down, the CPU updates,
 * 16-bit weights go up; a fraction of them as in DeepSpeed's Twin-Flow and Megatron's hybrid optimizer. With a stride, Deep Optimizer States
 * (Maurya et al. 2024, arXiv 2410.21316): every so many-th subgroup goes up, is updated on the GPU and goes back meanwhile.
 */
export const offloadOptimizer = technique<OptimizerOffload>({
  id: 'offload-optimizer',
  aliases: [],
  within: { key: 'offload', name: 'optimizer', such: '1' },
  allowedAs: 'offload',
  off: ON_GPU,
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['fraction', 'stride', 'gradients', 'device'],
    properties: {
      fraction: { type: 'number', minimum: 0, maximum: 1 },
      stride: { type: ['integer', 'null'], minimum: 2 },
      gradients: { enum: ['async', 'sync'] },
      device: { enum: ['host', 'disk'] },
    },
  },
  affects: 'stage',
  parse,
  format,
  name: 'offloaded optimizer',
  words: (value) => (value.fraction === 0 ? 'none' : format(value).replace(/^1(?=$|:)/, 'all')),
  outside({ fraction, stride }, { model }) {
    const subgroups = Math.ceil(countParameters(model).total / SUBGROUP);
    return fraction === 0 || stride === null || stride <= Math.max(2, subgroups)
      ? null
      : {
          rule: 'offload-optimizer',
          actual: `a stride of ${stride}`,
          limit: `2 to ${subgroups}, the subgroups of ${model.name}`,
          hint: 'Maybe no stride: all updated by the CPU.',
        };
  },
  choices: (_, __, asked) => (asked === undefined ? [ON_GPU, ALL] : [asked]),
  reject: ({ fraction }, problem) =>
    fraction === 0 || updatedOnCpu(problem)
      ? null
      : {
          rule: 'offload-optimizer',
          actual: `${problem.workload.optimizer} on the CPU`,
          limit: `one of ${ON_CPU.join(', ')}: what updates element by element`,
        },
  holdings,
  terms,
  stepTraffic,
  devices: ({ fraction, device }) => (fraction === 0 ? [] : device === 'disk' ? ['host', 'disk'] : ['host']),
  assumed: ({ fraction, stride }) =>
    fraction > 0 && stride !== null ? ['subgroups of 100 M parameters on their way through the GPU'] : [],
});

/**
 * The states of a fraction move. So do its gradients where they are sharded as they come (ZeRO 2 and 3), but for those of
 * subgroups that the GPU updates; else the GPU keeps its buffer of them and the host has a copy.
 */
function holdings(
  { fraction, stride, device }: OptimizerOffload,
  holdings: readonly Holding[],
  { problem, techniques }: StateContext,
): Holding[] {
  if (fraction === 0) return [...holdings];
  const { gradients } = statesIn(problem.workload, problem.stack.state);
  const byCpu = fraction * (stride === null ? 1 : 1 - 1 / stride);
  const leaves = zero.of(techniques) >= 2;
  return holdings.flatMap((one): Holding[] => {
    if (one.device !== 'gpu') return [one];
    const { share } = one;
    const there = (part: number, to: Holding['device'] = device) => ({
      ...one,
      device: to,
      share: share * part,
    });
    if (one.state === 'optimizer states') {
      const staged = stride === null ? [] : [{ ...there(STAGED * byCpu, 'host'), staging: true as const }];
      return [{ ...one, share: share * (1 - fraction) }, there(fraction), ...staged];
    }
    if (one.state !== 'gradients' || gradients === 0) return [one];
    // The host updates what this rank has of the states, and has gradients of that alone.
    const states = holdings.find(
      (other) => other.state === 'optimizer states' && other.of === one.of && other.device === 'gpu',
    );
    const copied = { ...one, share: states?.share ?? share };
    const part = (fraction * HOST_GRADIENT_BYTES) / gradients;
    const host = { ...copied, device: 'host' as const, share: copied.share * part };
    return [{ ...one, share: leaves ? share * (1 - byCpu) : share }, host];
  });
}

/**
 * Subgroups on their way through the GPU: one has its place all through the step, one more goes up or down in it, and the
 * fewer the CPU has between the more meet. What ZeRO 3 had left gathered is let go by then.
 */
function terms(
  { fraction, stride }: OptimizerOffload,
  { live, rootWeights }: Held,
  context: StageContext,
): MemoryTerm[] {
  if (fraction === 0 || stride === null) return [];
  const layers = live.layers.map((row) => row.map(() => 0));
  const ranks = zero.of(context.techniques) === 0 ? 1 : context.groups.shard.size;
  const layer = Math.max(...live.layers.flatMap((row) => [...row]));
  const subgroup = STATE_BYTES * (SUBGROUP + (LAST_WEIGHT * layer) / ranks);
  const part = 'subgroups of the optimizer';
  const released = zero.of(context.techniques) === 3 && ranks > 1 ? rootWeights : 0;
  const moving = Math.max(0, subgroup * (1 + 1 / stride) - released);
  return [
    memoryTerm({ part, layers, fixed: [subgroup] }),
    memoryTerm({ part, at: ['optimizer-step'], layers, fixed: [moving] }),
  ];
}

/** Whether a CPU has kernels of the workload's optimizer. */
export function updatedOnCpu({ workload }: Problem): boolean {
  return ON_CPU.includes(workload.optimizer);
}

/** Parameters that are updated off the GPU. */
function elsewhere(holdings: readonly Holding[]): Holding[] {
  return holdings.filter(
    ({ state, device, staging }) => state === 'optimizer states' && device !== 'gpu' && staging !== true,
  );
}

/** What the CPU takes for one GPU's part of the states, all in fp32 and so gradients too, while it does as much for so many of the host; left out: for all. */
export function cpuUpdateSeconds(
  { step, trained, holdings }: Pick<StepStates, 'step' | 'trained' | 'holdings'>,
  { problem: { workload, stack }, group, c }: StateContext,
  gpus?: number,
): number {
  const widened = Math.max(0, 4 - statesIn(workload, stack.state).gradients);
  let bytes = 0;
  for (const { of, share } of elsewhere(holdings))
    bytes += share * ((step[of] * UPDATE_BYTES) / c.optimizerBytes + widened * trained[of]);
  return bytes / updateRate(hostOf(group), c, gpus);
}

/** Of one GPU, while all GPUs of its host do the same. */
function stepTraffic(
  { fraction, stride, gradients, device }: OptimizerOffload,
  { trained, step, holdings }: StepStates,
  context: StateContext,
): StepTraffic {
  if (fraction === 0) return NO_TRAFFIC;
  const { problem, group, c } = context;
  const host = hostOf(group);
  let owned = 0;
  for (const { of, share } of elsewhere(holdings)) owned += share * trained[of];
  const cpu = cpuUpdateSeconds({ step, trained, holdings }, context);
  const { readBandwidth, writeBandwidth } = host.disk;
  const disk =
    device === 'host' ? 0 : STATE_BYTES * owned * host.gpus * (1 / readBandwidth + 1 / writeBandwidth);
  const down = owned * (stride === null ? 1 : 1 - 1 / stride);
  const update =
    stride === null
      ? cpu
      : // The CPU's subgroups, their weights' way up beside the next; those that go through the GPU.
        cpu * (1 - c.cpuUpdateWriteBack) * (1 - 1 / stride) +
        exchangeSeconds(host, STATE_BYTES * owned, c) / stride;
  return {
    ...NO_TRAFFIC,
    update: Math.max(disk, update),
    ...(gradients === 'sync'
      ? { flush: (wideBytes(problem.workload.precision) * down) / c.unpinnedFlush }
      : { drain: (WIDENED_BYTES * down) / drainRate(host, c) }),
  };
}
