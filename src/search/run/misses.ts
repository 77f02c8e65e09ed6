import type { Estimate } from '../../domain/estimate.ts';
import type { Problem } from '../../domain/problem.ts';
import type { Reason } from '../../domain/reason.ts';
import { formatBytes } from '../../units/format.ts';
import type { Candidate } from '../space/candidate.ts';

/** A configuration that is legal but does not fit. */
export interface Miss {
  readonly candidate: Candidate;
  /** Need over limit. */
  readonly excess: number;
  /** It has no smaller value. */
  readonly bound: number;
}

const MISSES_KEPT = 500;

/** Keeps the least misses, in bounded space. */
export function remember(misses: Miss[], miss: Miss): void {
  misses.push(miss);
  if (misses.length < 4 * MISSES_KEPT) return;
  misses.sort((a, b) => a.excess - b.excess);
  misses.length = MISSES_KEPT;
}

/** Need over limit on the fullest GPU, or the fullest host. */
export function excessOf({ stages, hosts }: Estimate): number {
  return Math.max(
    ...stages.map(({ memory }) => memory.deviceBytes / memory.limitBytes),
    ...hosts.map(({ bytes, limitBytes }) => bytes / limitBytes),
  );
}

export function memoryReason(problem: Problem, estimate: Estimate): Reason {
  const { stages, hosts } = estimate;
  const onGpus = stages.some(({ memory }) => memory.verdict === 'does-not-fit');
  return onGpus || hosts.length === 0 ? gpuReason(problem, estimate) : hostReason(hosts);
}

function hostReason(hosts: Estimate['hosts']): Reason {
  const { device, bytes, limitBytes } = hosts.reduce((a, b) =>
    b.bytes / b.limitBytes > a.bytes / a.limitBytes ? b : a,
  );
  return {
    rule: device === 'host' ? 'host-memory' : 'host-disk',
    actual: `${formatBytes(bytes)} on one host`,
    limit: formatBytes(limitBytes),
  };
}

function gpuReason({ workload }: Problem, { stages }: Estimate): Reason {
  const { memory, stage } = stages.reduce((a, b) =>
    b.memory.deviceBytes / b.memory.limitBytes > a.memory.deviceBytes / a.memory.limitBytes ? b : a,
  );
  const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  const reserved = workload.reservedBytes ?? 0;
  return {
    rule: 'memory',
    actual: `${gib(memory.deviceBytes)} on stage ${stage}`,
    limit: `${gib(memory.limitBytes)}${reserved > 0 ? `, ${gib(reserved)} reserved` : ''}`,
  };
}
