import { memoryTerm } from '../domain/memory-term.ts';
import type { Reason } from '../domain/reason.ts';
import { residualTokens } from '../layers/local-shape.ts';
import { noneOf } from './misread.ts';
import { technique } from './technique.ts';
import { tensorOverlap } from './tensor-overlap.ts';

const KINDS = ['standard', 'ladder'] as const;
type Kind = (typeof KINDS)[number];

/**
 * Ladder residual (Zhang et al. 2025, arXiv 2501.06589): a block reads the stream as it was before the block before it, so that what
 * tensor-parallel ranks exchange for that one runs beside this one. Another model, with a residual more alive: a what-if.
 */
export const architecture = technique<Kind>({
  id: 'architecture',
  aliases: ['residual'],
  allowedAs: 'architecture',
  off: 'standard',
  schema: { enum: KINDS },
  affects: 'layer',
  // A GPU has a little less room for less time.
  barest: null,
  parse: (text) => KINDS.find((kind) => kind === text) ?? noneOf(KINDS, text, { none: 'standard' }),
  format: String,
  name: 'architecture',
  words: String,
  choices: (_, { tp }, asked) => (asked === undefined ? (tp > 1 ? KINDS : ['standard']) : [asked]),
  reject(kind, _, { tp }, __, techniques): Reason | null {
    if (kind === 'standard') return null;
    if (tp === 1) return no(`architecture=${kind} with tp=1`, 'tp of 2 or more: nothing else is hidden');
    const overlap = tensorOverlap.of(techniques);
    return overlap === 'none'
      ? null
      : no(`architecture=${kind} with tp-overlap=${overlap}`, 'tp-overlap=none: one of the two hides it');
  },
  assumed: (kind) =>
    kind === 'standard'
      ? []
      : ['architecture=ladder: published in inference alone, its training is not timed anywhere'],
  price: (kind) =>
    kind === 'standard'
      ? []
      : [
          'architecture=ladder: another model, trained from the start or converted; published for it: 1B and 3B from the start about as good as the standard one, an 8B half converted with 3B tokens (arXiv 2501.06589)',
        ],
  besideNextBlock: (kind) => kind === 'ladder',
  terms(kind, { live }, { problem: { model }, local }) {
    if (kind === 'standard') return [];
    const bytes = local.elementBytes * residualTokens(local) * model.hiddenSize;
    const layers = live.layers.map((row) => row.map(() => 0));
    return [
      memoryTerm({ part: 'second residual', at: ['forward', 'loss', 'backward'], layers, fixed: [bytes] }),
    ];
  },
});

function no(actual: string, limit: string): Reason {
  return { rule: 'architecture', actual, limit };
}
