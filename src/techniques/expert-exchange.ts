import type { ParallelDims } from '../domain/parallel-dims.ts';
import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';
import { isMoe } from '../layers/layer.ts';
import { noneOf } from './misread.ts';
import { technique } from './technique.ts';

const KINDS = ['linear', '2dh'] as const;
type Kind = (typeof KINDS)[number];

/** As Tutel's argument and people say it. */
const CALLED: Readonly<Record<string, Kind>> = {
  ...{ flat: 'linear', none: 'linear', off: 'linear', false: 'linear' },
  ...{ '2d': '2dh', hierarchical: '2dh', use_2dh: '2dh', on: '2dh', true: '2dh' },
};

/**
 * How expert-parallel ranks exchange tokens: each with each, or first inside a fast domain and then among ranks of one place in theirs,
 * with messages as many times larger as a domain has ranks, copied into order before either (2DH of Tutel, arXiv 2206.03382, appendix A).
 */
export const expertExchange = technique<Kind>({
  id: 'expert-exchange',
  aliases: [],
  allowedAs: 'expert-exchange',
  off: 'linear',
  schema: { enum: KINDS },
  affects: 'layer',
  // Fewer messages for more copies.
  barest: null,
  parse: (text) => KINDS.find((kind) => kind === text) ?? noneOf(KINDS, text, CALLED),
  format: String,
  name: 'expert exchange',
  words: String,
  // Over how many ranks experts are dealt is chosen later: `reject` sees to that.
  choices: (problem, _, asked) =>
    asked === undefined ? KINDS.filter((kind) => beyond(kind, problem) === null) : [asked],
  outside: beyond,
  reject: broken,
  assumed: (kind) =>
    kind === 'linear'
      ? []
      : [
          'expert-exchange=2dh: priced by its phases, one after the other; no steps of training with it are published',
        ],
  local: (kind, local) => ({ ...local, expertExchange: kind }),
});

function beyond(kind: Kind, { model, stack }: Problem): Reason | null {
  if (kind === 'linear') return null;
  if (!isMoe(model)) return no(`expert-exchange=${kind} of a model without experts`, 'experts');
  return stack.moeDispatcher === 'alltoall'
    ? null
    : no(
        `expert-exchange=${kind} with the ${stack.moeDispatcher} dispatcher of ${stack.id}`,
        'a stack that exchanges tokens by all-to-all: others send them in their own way',
      );
}

function broken(kind: Kind, { cluster }: Problem, { ep, etp }: ParallelDims): Reason | null {
  if (kind === 'linear') return null;
  const wide = cluster.groups.find(({ fastDomainGpus }) => ep * etp <= fastDomainGpus);
  if (ep > 1 && wide === undefined) return null;
  return no(
    `expert-exchange=${kind} with ep=${ep}`,
    wide === undefined
      ? 'ep of 2 or more'
      : `experts dealt over more than the ${wide.fastDomainGpus} GPUs of a domain`,
  );
}

function no(actual: string, limit: string): Reason {
  return { rule: 'expert-exchange', actual, limit };
}
