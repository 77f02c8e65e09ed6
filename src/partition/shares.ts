import type { Reason } from '../domain/reason.ts';

/** Pipelines of one make-up: what each micro-batch and each fill and drain costs one of them. */
export interface PipelineClass {
  readonly replicas: number;
  /** Of the slowest stage, one micro-batch, forward and backward. */
  readonly bottleneckSeconds: number;
  /** Of all stages, one micro-batch. */
  readonly sumSeconds: number;
}

export interface Shares {
  /** Micro-batches of one replica of each class. */
  readonly perReplica: readonly number[];
  readonly seconds: number;
}

/** Micro-batches on each side of the continuous optimum that are tried. */
const WINDOW = 12;

export function classSeconds({ bottleneckSeconds, sumSeconds }: PipelineClass, microBatches: number): number {
  return (microBatches - 1) * bottleneckSeconds + sumSeconds;
}

/**
 * Deals `total` micro-batches so that the last pipeline ends as early as possible: Σ replicas · m = total, m ≥ 1. The
 * continuous optimum lets all end together; the whole numbers around it are tried exhaustively.
 */
export function shareMicroBatches(classes: readonly PipelineClass[], total: number): Shares | Reason {
  const target = continuous(classes, total);
  let best: Shares | null = null;
  const perReplica: number[] = [];
  const deal = (index: number, left: number, seconds: number): void => {
    if (best !== null && seconds >= best.seconds) return;
    const one = classes[index]!;
    if (index === classes.length - 1) {
      const m = left / one.replicas;
      if (!Number.isInteger(m) || m < 1) return;
      const end = Math.max(seconds, classSeconds(one, m));
      if (best === null || end < best.seconds) best = { perReplica: [...perReplica, m], seconds: end };
      return;
    }
    const most = Math.floor((left - 1) / one.replicas);
    const ideal = Math.round((target - one.sumSeconds) / one.bottleneckSeconds) + 1;
    const middle = Math.min(most, Math.max(1, ideal));
    for (let offset = 0; offset <= 2 * WINDOW; offset++) {
      const m = middle + (offset % 2 === 0 ? -offset / 2 : (offset + 1) / 2);
      if (m < 1 || m > most) continue;
      perReplica.push(m);
      deal(index + 1, left - one.replicas * m, Math.max(seconds, classSeconds(one, m)));
      perReplica.pop();
    }
  };
  deal(0, total, 0);
  return (
    best ?? {
      rule: 'micro-batch-shares',
      actual: `${total} micro-batches`,
      limit: `a sum of multiples of ${classes.map((one) => one.replicas).join(' and ')}, each at least one`,
    }
  );
}

/** When all classes would end together, were micro-batches divisible. */
function continuous(classes: readonly PipelineClass[], total: number): number {
  let rate = 0;
  let head = 0;
  for (const { replicas, bottleneckSeconds, sumSeconds } of classes) {
    rate += replicas / bottleneckSeconds;
    head += replicas * (1 - sumSeconds / bottleneckSeconds);
  }
  return (total - head) / rate;
}
