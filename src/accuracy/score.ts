import type { RunKind } from '../domain/calibration.ts';
import type { Estimate, Verdict } from '../domain/estimate.ts';
import type { GpuSpec } from '../domain/gpu.ts';
import type { Problem } from '../domain/problem.ts';
import type { Stack } from '../domain/stack.ts';
import { runKind } from '../evaluate/error-band.ts';
import { estimate } from '../evaluate/estimate.ts';
import { pick } from '../runs/pick.ts';
import { plansOf } from '../runs/plans.ts';
import { problemsOf } from '../runs/problem.ts';
import { positive, type Row } from '../runs/row.ts';
import { trainsInPart } from '../runs/training.ts';
import { allocatedAt, type Phases, phasesOf } from './phases.ts';

export interface Scored {
  readonly id: string;
  readonly group: string;
  readonly tier: string;
  readonly status: 'scored' | 'inexpressible' | 'unscored';
  readonly reason?: string;
  readonly predictedStepSeconds?: number;
  readonly measuredStepSeconds?: number;
  readonly stepError?: number;
  readonly predictedPeakBytes?: number;
  readonly measuredPeakBytes?: number;
  readonly memoryKind?: string;
  readonly memoryError?: number;
  readonly verdict?: Verdict;
  /** Relative error of the time, one side, that is printed beside it, and the kind of run that it is of. */
  readonly band?: number;
  readonly runKind?: RunKind;
  /** What it ran on. */
  readonly gpu?: Pick<GpuSpec, 'id' | 'vendor' | 'architecture'>;
  /** Predicted seconds of each part of the step that the row has a time of, and its error. */
  readonly phases?: Readonly<Record<string, { readonly predicted: number; readonly error: number }>>;
  readonly parts?: Readonly<Record<string, number>>;
  readonly memoryParts?: Readonly<Record<string, number>>;
  readonly assumptions: readonly string[];
  readonly row: Row;
}

/** All rows, in the stack that each names or in another: its kernels' facts and its calibration are then that one's. */
export function scored(rows: readonly Row[], stack: Stack | null = null): Scored[] {
  const adjust = (problem: Problem): Problem => (stack === null ? problem : { ...problem, stack });
  return rows.map((row) => score(row, adjust));
}

/** Adapters and hybrids of a source are sources of their own. */
export function sourceOf(row: Row): string {
  return `${row.group}${trainsInPart(row) ? ', adapters' : row.model.hybrid ? ', hybrids' : ''}`;
}

const UNIT: Readonly<Record<string, number>> = { GiB: 2 ** 30, GB: 1e9, MiB: 2 ** 20, MB: 1e6 };

/** Predicts one row and holds it against what was measured. Never throws on odd rows: the reason is in the result. */
export function score(row: Row, adjust: (problem: Problem) => Problem = (p) => p): Scored {
  const assumptions: string[] = [];
  const base = { id: row.id, group: sourceOf(row), tier: row.tier ?? '?', assumptions, row };
  let best: Estimate;
  let phases: Phases | null;
  let there: number | null;
  let kindOfRun: RunKind;
  let gpu: Scored['gpu'];
  try {
    const problems = problemsOf(row, assumptions).map(adjust);
    const plans = plansOf(row, problems[0]!, assumptions);
    const runs = problems.flatMap((problem) =>
      plans.map((plan) => ({ problem, plan, estimate: estimate(problem, plan) })),
    );
    const picked = pick(runs, row.outcome !== 'oom');
    best = picked.estimate;
    const { problem: full, plan } = picked;
    kindOfRun = runKind(full);
    const { id, vendor, architecture } = full.cluster.groups[0]!.gpu;
    gpu = { id, vendor, architecture };
    phases = statesPhases(row) ? phasesOf(full, plan) : null;
    there = peakPlace(row, assumptions) === null ? null : allocatedAt(full, plan, peakPlace(row, [])!);
  } catch (error) {
    return { ...base, status: 'inexpressible', reason: (error as Error).message.split('\n')[0]! };
  }
  if (
    !Number.isFinite(best.stepSeconds) ||
    best.stages.some(({ memory }) => !Number.isFinite(memory.deviceBytes))
  ) {
    return { ...base, status: 'inexpressible', reason: 'figures of the row are missing or make no sense' };
  }
  const measured = row.measured;
  const faults = row.faults ?? {};
  const kind = measured.memoryKind ?? 'unstated';
  const heaviest =
    stageOfRank(best, measured.memoryRank) ??
    best.stages.reduce((a, b) => (peakOf(b.memory, kind) > peakOf(a.memory, kind) ? b : a));
  const predictedPeakBytes = there ?? peakOf(heaviest.memory, kind);
  const result: Scored = {
    ...base,
    status: 'scored',
    predictedStepSeconds: best.stepSeconds,
    predictedPeakBytes,
    memoryKind: kind,
    verdict: best.verdict,
    band: best.band,
    runKind: kindOfRun,
    gpu,
    parts: best.time,
    memoryParts: heaviest.memory.allocated,
    ...(phases === null ? {} : { phases: phaseErrors(row, phases) }),
  };
  const time = positive(measured.stepSeconds) && !('time' in faults) ? measured.stepSeconds : null;
  const memory =
    positive(measured.peakMemory) && !('memory' in faults)
      ? measured.peakMemory * (UNIT[measured.memoryUnit ?? 'GiB'] ?? 2 ** 30)
      : null;
  // Rows of adapters were called incomplete for no more than that.
  const incomplete = row.tier === 'C' && !trainsInPart(row);
  if (incomplete || (time === null && memory === null && row.outcome !== 'oom')) {
    return {
      ...result,
      status: 'unscored',
      reason: incomplete ? 'incomplete row (tier C)' : 'nothing measured to score',
    };
  }
  return {
    ...result,
    ...(time === null ? {} : { measuredStepSeconds: time, stepError: best.stepSeconds / time - 1 }),
    ...(memory === null ? {} : { measuredPeakBytes: memory, memoryError: predictedPeakBytes / memory - 1 }),
  };
}

const PHASES = ['forwardSeconds', 'backwardSeconds', 'optimizerSeconds'] as const;

function statesPhases({ measured }: Row): boolean {
  return PHASES.some((phase) => positive(measured[phase]));
}

function phaseErrors({ measured }: Row, phases: Phases): NonNullable<Scored['phases']> {
  return Object.fromEntries(
    PHASES.flatMap((phase) => {
      const seconds = measured[phase];
      return positive(seconds)
        ? [[phase, { predicted: phases[phase], error: phases[phase] / seconds - 1 }]]
        : [];
    }),
  );
}

/**
 * Where in the step a row's peak was taken; null: all through it. DeepSpeed tells MaxMemAllocated beside the times of its phases, and
 * with memory_breakdown see_memory_usage (runtime/utils.py) resets that counter before each: it is then the optimizer step's.
 */
function peakPlace({ measured, config, stack }: Row, assumptions: string[]): string | null {
  if (measured.memoryAt) return measured.memoryAt;
  const logged = config.offload && /deepspeed/.test(stack?.name ?? '') && positive(measured.optimizerSeconds);
  if (!logged || !positive(measured.peakMemory)) return null;
  assumptions.push('peak memory that of the optimizer step, as DeepSpeed logs it beside phases');
  return 'optimizer-step';
}

/** Ranks are numbered stage by stage, the pipeline outermost; null: not stated. */
function stageOfRank(
  { stages }: Estimate,
  rank: number | null | undefined,
): Estimate['stages'][number] | null {
  if (typeof rank !== 'number') return null;
  let end = 0;
  for (const stage of stages) {
    end += stage.devices;
    if (rank < end) return stage;
  }
  return null;
}

function peakOf(memory: Estimate['stages'][number]['memory'], kind: string): number {
  if (kind === 'reserved') return memory.reservedBytes;
  return kind === 'device' ? memory.deviceBytes : memory.allocatedBytes;
}
