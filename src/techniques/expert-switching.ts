import type { ParallelDims } from '../domain/parallel-dims.ts';
import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';
import { isMoe } from '../layers/layer.ts';
import { expertExchange } from './expert-exchange.ts';
import { noneOf } from './misread.ts';
import { technique } from './technique.ts';

const KINDS = ['ep', 'dp', 'switch'] as const;
type Kind = (typeof KINDS)[number];

/** By Tutel's `adaptive_r`. */
const CALLED: Readonly<Record<string, Kind>> = {
  ...{ '1': 'ep', off: 'ep', none: 'ep', false: 'ep' },
  ...{ '0': 'dp', auto: 'switch', adaptive: 'switch', on: 'switch', true: 'switch' },
};

/**
 * Where tokens meet the experts that are dealt over expert-parallel ranks: tokens go to them (`ep`), or their weights are gathered, and
 * gradients scattered, around tokens that stay (`dp`). Both keep one layout of weights, so that a layer may take whichever is faster at no
 * cost (`switch`): Tutel's adaptive parallelism, its r = 1 and r = 0 (arXiv 2206.03382, section 3.1; tutel/experts/ffn.py@82af7aa).
 */
export const expertSwitching = technique<Kind>({
  id: 'expert-switching',
  aliases: ['adaptive-r'],
  allowedAs: 'expert-switching',
  off: 'ep',
  schema: { enum: KINDS },
  affects: 'layer',
  // What is gathered may take less than what is sent, or more.
  barest: null,
  parse: (text) => KINDS.find((kind) => kind === text) ?? noneOf(KINDS, text, CALLED),
  format: String,
  name: 'expert switching',
  words: String,
  // Over how many ranks experts are dealt is chosen later: `reject` sees to that.
  choices: (problem, _, asked) =>
    asked === undefined ? KINDS.filter((kind) => beyond(kind, problem) === null) : [asked],
  outside: beyond,
  reject(kind, _, dims, __, techniques) {
    const exchange = expertExchange.of(techniques);
    return kind === 'dp' && exchange !== 'linear'
      ? no(
          `expert-switching=dp with expert-exchange=${exchange}`,
          'expert-exchange=linear: nothing is exchanged',
        )
      : broken(kind, dims);
  },
  assumed: (kind) =>
    kind === 'ep'
      ? []
      : [
          `expert-switching=${kind}: experts gathered in the open, as wide as they are computed with, and kept for backward; no steps of training with it are published`,
        ],
  switches: (kind) => (kind === 'switch' ? ['ep', 'dp'] : null),
  local: (kind, local) => ({ ...local, gathersExperts: kind === 'dp' }),
});

function beyond(kind: Kind, { model, stack }: Problem): Reason | null {
  if (kind === 'ep') return null;
  if (!isMoe(model)) return no(`expert-switching=${kind} of a model without experts`, 'experts');
  if (model.training !== undefined)
    return no(`expert-switching=${kind} of a model trained in part`, 'experts that are all trained');
  return stack.moeDispatcher === 'alltoall'
    ? null
    : no(
        `expert-switching=${kind} with the ${stack.moeDispatcher} dispatcher of ${stack.id}`,
        'a stack that exchanges tokens by all-to-all',
      );
}

function broken(kind: Kind, { ep, etp }: ParallelDims): Reason | null {
  if (kind === 'ep') return null;
  if (ep === 1) return no(`expert-switching=${kind} with ep=1`, 'ep of 2 or more: nothing is dealt out');
  return etp === 1 ? null : no(`expert-switching=${kind} with etp=${etp}`, 'etp=1');
}

function no(actual: string, limit: string): Reason {
  return { rule: 'expert-switching', actual, limit };
}
