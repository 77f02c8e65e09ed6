import type { ParallelDims } from '../domain/parallel-dims.ts';
import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';
import { LOSSES, lossOf } from '../layers/losses/index.ts';
import { noneOf } from './misread.ts';
import { technique } from './technique.ts';

const IDS = LOSSES.map(({ id }) => id);
const USUAL_CHUNKS = 8;
/** Names of the projects that these come from. */
const CALLED = {
  liger: 'fused-linear',
  cce: 'cut',
  te: 'fused',
  native: 'fused-native',
  chunk: 'chunked:8',
  default: 'stack',
};

/** Tried by leave beside the stack's own, the one with the most memory first: what changes nothing that is learned. */
const TRIED = [`chunked:${USUAL_CHUNKS}`, 'fused-linear', 'cut'];

/** How the loss is worked out of hidden states: with logits whole, in chunks, or never stored. */
export const loss = technique<string>({
  id: 'loss',
  aliases: [],
  ofDecoders: true,
  allowedAs: 'loss',
  off: 'stack',
  schema: { enum: IDS },
  affects: 'layer',
  barest: null,
  choices: (problem, dims, asked) =>
    asked === undefined ? ['stack', ...TRIED.filter((id) => broken(id, problem, dims) === null)] : [asked],
  parse(text) {
    const id = text === 'chunked' ? `chunked:${USUAL_CHUNKS}` : text;
    return IDS.includes(id) ? id : noneOf(IDS, text, CALLED);
  },
  // The stack's own, whatever it is called.
  resolve: (id, { stack }) => (id === stack.lossKernel ? 'stack' : id),
  renamed: true,
  format: String,
  name: 'loss',
  words: String,
  reject: broken,
  local: (id, local) => ({ ...local, loss: id }),
});

/** The loss that a plan is priced with, the stack's own by its name. */
export function pricedLoss({ stack }: Problem, { techniques }: Plan): string {
  const id = loss.of(techniques);
  return id === loss.off ? stack.lossKernel : id;
}

function broken(
  id: string,
  { workload: { sequenceLength } }: Problem,
  { tp, cp }: ParallelDims,
): Reason | null {
  const { wholeVocabulary, divides = 1 } = lossOf(id);
  if (wholeVocabulary === true && tp > 1)
    return {
      rule: 'loss',
      actual: `loss=${id} with tp=${tp}`,
      limit: 'tp=1: it works on the whole vocabulary',
      hint: 'Maybe loss=chunked:8.',
    };
  return sequenceLength % (cp * divides) === 0
    ? null
    : {
        rule: 'loss',
        actual: `loss=${id} with ${sequenceLength / cp} tokens of a sequence on a GPU`,
        limit: `a multiple of ${divides} tokens`,
      };
}
