import { besideName } from '../../domain/beside-model.ts';
import { type MemoryTerm, memoryTerm, type Point } from '../../domain/memory-term.ts';
import type { Ends } from '../../domain/plan.ts';
import { besideProfile } from '../beside-profile.ts';
import type { StageProfile } from '../stage-profile.ts';
import { besideBytes } from './beside-bytes.ts';

/**
 * Where a phase of a model beside may fall. A frozen one that is resident may go forward while the trained one keeps what its own
 * forward left (TRL's DPOTrainer without precomputed log-probabilities); any other has the states of the trained one and nothing of its
 * micro-batches beside it: the optimizer's step is the point where a GPU holds just that.
 */
const ALONGSIDE: readonly Point[] = ['forward', 'loss'];
const APART: readonly Point[] = ['optimizer-step'];

/** What models beside the trained one hold on a GPU of a stage, and in host memory: states of all, and the largest of their phases, which follow one another. */
export function besideTerms(profile: StageProfile, place: Ends): MemoryTerm[] {
  const { context, layers } = profile;
  const none = layers.map((kinds) => new Float64Array(kinds.length));
  const all = (context.problem.workload.models ?? []).map((one) => {
    const { states, phase } = besideBytes(besideProfile(one, context), one.trained, place);
    const { offloaded } = one;
    return {
      part: besideName(one),
      resident: offloaded ? 0 : states,
      host: offloaded ? states : 0,
      apart: offloaded ? states + phase : phase,
      alongside: offloaded || one.trained ? 0 : phase,
    };
  });
  type Key = 'resident' | 'host' | 'apart' | 'alongside';
  const terms = (key: Key, more: Partial<Pick<MemoryTerm, 'at' | 'device'>>, of = all) =>
    of
      .filter((one) => one[key] > 0)
      .map((one) => memoryTerm({ part: one.part, layers: none, fixed: [one[key]], ...more }));
  const largest = (key: Key) => all.toSorted((a, b) => b[key] - a[key]).slice(0, 1);
  return [
    ...terms('resident', {}),
    ...terms('host', { device: 'host' }),
    ...terms('apart', { at: APART }, largest('apart')),
    ...terms('alongside', { at: ALONGSIDE }, largest('alongside')),
  ];
}
