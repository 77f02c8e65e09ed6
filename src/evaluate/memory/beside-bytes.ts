import type { MemoryTerm } from '../../domain/memory-term.ts';
import type { Ends } from '../../domain/plan.ts';
import { logitBytes } from '../../layers/losses/whole.ts';
import type { StageProfile } from '../stage-profile.ts';
import { contentOf, type StageContent } from './content.ts';
import { termBytes } from './gathered.ts';
import { stageTerms } from './stage-terms.ts';
import { peakOf } from './walk.ts';

/** What one GPU of a stage has of a model beside. Bytes. */
interface BesideBytes {
  /** Weights, and gradients and optimizer states where it is trained. */
  readonly states: number;
  /** Beside them, at the worst point of its phase. */
  readonly phase: number;
}

/** As many of its layers as any stage has where they are dealt evenly, wherever they come from: the heaviest of such runs. */
export function besideContents({ context, segments }: StageProfile): StageContent[] {
  const { layers, kinds } = context.problem.model;
  const each = Math.ceil(layers.length / context.dims.pp);
  const starts = kinds.length === 1 ? 1 : layers.length - each + 1;
  return Array.from({ length: starts }, (_, first) =>
    contentOf(layers, kinds.length, [{ first, end: first + each }], segments),
  );
}

/** Micro-batches alive at once: the deepest stage of a pipeline holds as many as there are stages. */
export function besideBytes(profile: StageProfile, trained: boolean, place: Ends): BesideBytes {
  const { pp } = profile.context.dims;
  const ends: Ends = {
    embedding: pp === 1 || place.embedding !== null ? 0 : null,
    head: pp === 1 || place.head !== null ? 0 : null,
  };
  const terms = stageTerms(profile)({ chunks: 1, ends, weightVersions: 1, accumulates: true });
  const alive = [trained ? pp : 1];
  const lasting = terms.filter((term) => isState(term));
  let [states, all] = [0, 0];
  for (const content of besideContents(profile)) {
    const sum = lasting.reduce((bytes, term) => bytes + termBytes(term, content, alive), 0);
    const peak = Object.values(peakOf(terms, content, [alive]).allocated).reduce((a, b) => a + b, 0);
    states = Math.max(states, sum);
    all = Math.max(all, peak);
  }
  return { states, phase: Math.max(0, all - states) + (trained ? 0 : logits(profile, ends)) };
}

/** Log-probabilities of a frozen model are worked out of whole logits too, which no backward wants. */
function logits({ context: { local, problem } }: StageProfile, { head }: Ends): number {
  if (head === null) return 0;
  return logitBytes(problem.stack.lossKernel, local.elementBytes).peak * local.tokens * local.vocabularyRows;
}

function isState({ part, device, over }: MemoryTerm): boolean {
  return device === 'gpu' && over === 'sum' && ['weights', 'gradients', 'optimizer states'].includes(part);
}
