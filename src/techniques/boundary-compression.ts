import { wideOf } from '../domain/dtype.ts';
import { gemmSeconds } from '../hardware/gemm.ts';
import type { Boundary } from './boundary.ts';
import { Misread } from './misread.ts';
import { type StageContext, technique } from './technique.ts';

/** Tried by leave: of what is published between 1 and 100 a cautious one. */
const TRIED = 8;

/**
 * What passes from stage to stage, and its gradient back, lies in a fixed subspace of 1/N of the model's width: projected before it is
 * sent, and back (Ramasinghe et al. 2025, arXiv 2506.01260; beside SparseLoCo: arXiv 2601.02360). The value is N; 1: all is sent.
 */
export const boundaryCompression = technique<number>({
  id: 'boundary-compression',
  aliases: [],
  ofDecoders: true,
  allowedAs: 'boundary-compression',
  off: 1,
  schema: { type: 'integer', minimum: 1 },
  affects: 'stage',
  // Less is sent, and there are two products more.
  barest: null,
  parse: (text) =>
    /^[1-9]\d{0,5}$/.test(text) ? Number(text) : new Misread('how many times less is sent: 8'),
  format: String,
  name: 'boundary compression',
  words: (times) => (times === 1 ? 'none' : `${times}×`),
  choices: ({ model: { hiddenSize } }, { pp }, asked) => {
    if (asked !== undefined) return pp > 1 || asked === 1 ? [asked] : [];
    return pp > 1 && hiddenSize % TRIED === 0 ? [1, TRIED] : [1];
  },
  outside: (times, { model: { hiddenSize } }) =>
    hiddenSize % times === 0
      ? null
      : {
          rule: 'boundary-compression',
          actual: `boundary-compression=${times} of a width of ${hiddenSize}`,
          limit: 'a divisor of the width',
        },
  assumed: (times) =>
    times === 1
      ? []
      : [`boundary-compression=${times}: projections take the time of two products; none is published`],
  price: (times) =>
    times === 1
      ? []
      : [
          `boundary-compression=${times}: stages pass on 1/${times} of the width; published for it: no loss of convergence up to 100 times (arXiv 2506.01260), a modest one beside SparseLoCo at 178M to 1B parameters, less where only slow islands compress (arXiv 2601.02360)`,
        ],
  boundary,
});

function boundary(times: number, { problem, group, local, groups, c }: StageContext): Boundary | null {
  if (times === 1) return null;
  const { model, workload } = problem;
  const width = model.hiddenSize;
  // Each tensor-parallel rank has its part of the tokens to send.
  const m = local.tokens / groups.tensor.size;
  const seconds = (n: number, k: number) =>
    gemmSeconds(group.gpu, wideOf(workload.precision), { m, n, k }, c, group.powerCapWatts);
  return {
    share: 1 / times,
    encodeSeconds: seconds(width / times, width),
    decodeSeconds: seconds(width, width / times),
  };
}
