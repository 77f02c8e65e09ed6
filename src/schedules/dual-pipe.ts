import type { Pass, PipelineShape, Schedule } from './schedule.ts';

/**
 * DualPipe: half of the micro-batches enter at each end, and every rank holds the layers of its mirror too, chunk 0 for those from the
 * first rank, chunk 1 for those from the last. Forward of one direction and backward of the other share a slot, so that one's all-to-all
 * runs under the other's compute. The order of ranks r and R − 1 − r is the same, directions exchanged.
 */
export const dualPipe: Schedule = {
  id: 'dualpipe',
  name: 'DualPipe',
  source: 'arXiv 2412.19437, section 3.2.1; deepseek-ai/DualPipe@3da1bbe',
  chunks: 'mirror',
  splitsBackward: true,
  bounded: true,
  assumed: [
    'dualpipe: a shared slot takes as long as its forward and its backward one after the other: no times of one are published',
    'dualpipe: a rank and its mirror each keep and update states of the layers of both',
  ],
  reject({ stages, microBatches }) {
    if (stages % 2 !== 0)
      return { rule: 'schedule-stages', actual: `pp=${stages}`, limit: 'an even number for dualpipe' };
    return microBatches % 2 === 0 && microBatches >= 2 * stages
      ? null
      : {
          rule: 'schedule-micro-batches',
          actual: `${microBatches} micro-batches`,
          limit: `an even number from 2·pp=${2 * stages} on for dualpipe`,
          hint: 'Maybe a smaller micro-batch or less data parallelism.',
        };
  },
  order: (shape) => Array.from({ length: shape.stages }, (_, rank) => orderOf(rank, shape)),
  // R + 1 micro-batches of a chunk, of which a rank has two.
  peakInFlight: (_, { stages }) => (stages + 1) / 2,
};

/** The eight steps of DualPipe.step, phase 0 the direction that enters nearer. */
function orderOf(rank: number, { stages, microBatches }: PipelineShape): Pass[] {
  const half = stages / 2;
  const near = Math.min(rank, stages - 1 - rank);
  const inSecondHalf = rank >= half;
  const passes: Pass[] = [];
  const next = { F: [0, 0], B: [0, 0] };
  const waiting: Pass[] = [];
  const of = (kind: 'F' | 'B', phase: 0 | 1): Pass => {
    const chunk = inSecondHalf ? 1 - phase : phase;
    const microBatch = (microBatches / 2) * chunk + next[kind][phase]!;
    next[kind][phase]! += 1;
    return { kind, microBatch, chunk };
  };
  const forward = (phase: 0 | 1) => passes.push(of('F', phase));
  const backward = (phase: 0 | 1) => passes.push({ ...of('B', phase), whole: true });
  /** Of inputs alone: the weights' follow in the order of these. */
  const inputs = (phase: 0 | 1) => {
    const pass = of('B', phase);
    passes.push(pass);
    waiting.push({ ...pass, kind: 'W' });
  };
  const weights = () => passes.push(waiting.shift()!);
  const both = (phase: 0 | 1) => {
    const one = of('F', phase);
    passes.push({ ...one, beside: { ...of('B', phase === 0 ? 1 : 0), whole: true } });
  };
  const times = (count: number, step: (i: number) => void) => {
    for (let i = 0; i < count; i++) step(i);
  };
  times(2 * (half - near - 1), () => forward(0));
  times(near + 1, () => {
    forward(0);
    forward(1);
  });
  times(half - near - 1, () => {
    inputs(1);
    weights();
    forward(1);
  });
  times(microBatches / 2 - stages + near + 1, (i) => {
    if (i === 0 && near === half - 1) {
      forward(0);
      backward(1);
    } else both(0);
    both(1);
  });
  times(half - near - 1, () => {
    backward(1);
    both(1);
  });
  // From the middle on gradients of inputs alone; which of the pair is the first of them is by turns.
  const middle = Math.floor((near + 1) / 2);
  times(near + 1, (i) => {
    const [first, second] = [i > middle || (i === middle && near % 2 === 1), i >= middle];
    if (first) inputs(1);
    else backward(1);
    if (second) inputs(0);
    else backward(0);
  });
  times(half - near - 1, () => {
    weights();
    inputs(0);
  });
  times(near + 1, weights);
  return passes;
}
