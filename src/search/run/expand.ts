import type { Problem } from '../../domain/problem.ts';
import type { Reason } from '../../domain/reason.ts';
import { fewestLayers, needless } from '../cut/fewest-layers.ts';
import { realise } from '../cut/realise.ts';
import { uncutPlan } from '../cut/uncut.ts';
import { type Candidate, candidateText } from '../space/candidate.ts';
import type { SearchOptions } from '../space/options.ts';
import { evaluated } from './evaluated.ts';
import { type FrameEntry, forget, frameAgenda } from './frame-agenda.ts';
import { type Evaluated, insert, type Listed, worstOfLayout } from './kept.ts';
import { mayFit } from './may-fit.ts';
import { excessOf, memoryReason, remember } from './misses.ts';
import type { Batch, Part, Rest } from './part.ts';
import { joined, type Run, refusal, worstKept } from './run.ts';

/**
 * Rejects, bounds or costs the configurations of a part of a frame, those with bounds of `upto` or more left for later. Opened a
 * second time it goes on where it was left: by the thread that opened it first.
 */
export function expand(
  run: Run,
  entry: FrameEntry,
  part: Part,
  { upto, plans, listed }: Pick<Batch, 'upto' | 'plans'> & { readonly listed: Listed },
): Rest | null {
  const { options, problem } = run;
  const left = frameAgenda(run, entry);
  const asksUncut = !options.exhaustive && options.launcher?.refusesUncut !== undefined;
  left.tell(run);
  for (let next = left.first; next !== undefined; next = left.first) {
    const { bound } = next;
    if (bound >= worstKept(run)) {
      run.boundedAway += left.count;
      break;
    }
    // The first plans are worth a longer look: all others are held against them.
    const found = run.evaluated >= plans;
    if (found && bound >= upto && bound > part.bound) return { bound, opened: true, count: left.count };
    if (options.interrupted() !== null) {
      run.left += left.count;
      break;
    }
    const candidate = left.take(run);
    if (candidate === null) continue;
    if (!options.exhaustive && bound >= worstOfLayout(run.kept, listed, candidate.layout)) {
      run.boundedAway += 1;
      continue;
    }
    const refused = asksUncut ? refusal(run, { uncut: uncutPlan(problem, candidate) }) : null;
    if (refused !== null) {
      run.tally.add(refused, () => candidateText(candidate));
      continue;
    }
    if (!mayFit(run, candidate, bound, left.smallest)) continue;
    cost(run, candidate, bound);
    if (!cutIsExact(problem, options, candidate)) run.unproven = joined(run.unproven, { count: 1, bound });
  }
  forget(run, entry);
  return null;
}

/** Whether the stage cut of a candidate is the best by the objective, memory judged as the estimate judges it. */
function cutIsExact(
  { model }: Problem,
  { objective }: SearchOptions,
  { layout, choice }: Candidate,
): boolean {
  // Cuts are chosen for time within the memory there is, not for the least memory.
  if (objective.id === 'memory') return layout.pp === 1 && choice.fewest === null;
  // Layers dealt over the chunks of unlike stages: which kinds a stage gets depends on all the others.
  return choice.vpp === 1 || layout.family === 'uniform' || model.kinds.length === 1;
}

function cost(run: Run, candidate: Candidate, bound: number): void {
  const outcome = consider(run, candidate);
  if ('rule' in outcome) {
    run.tally.add(outcome, () => candidateText(candidate));
    if (outcome.rule === 'memory') remember(run.misses, { candidate, excess: 1, bound });
    return;
  }
  if (outcome.estimate.verdict === 'does-not-fit') {
    remember(run.misses, { candidate, excess: excessOf(outcome.estimate), bound });
    run.tally.add(memoryReason(run.problem, outcome.estimate), () => candidateText(candidate));
    return;
  }
  run.evaluated += 1;
  insert(run.kept, outcome, run.options);
}

function consider(run: Run, candidate: Candidate): Evaluated | Reason {
  const { problem, options, book } = run;
  const idle = candidate.choice.fewest === null ? null : needless(problem, candidate, book);
  if (idle !== null) return idle;
  const whole = realise(problem, candidate, book.of(candidate), { launcher: options.launcher });
  if ('rule' in whole) return whole;
  const realised = candidate.choice.fewest === null ? whole : fewestLayers(problem, candidate, whole, book);
  if ('rule' in realised) return realised;
  return refusal(run, { plan: realised.plan }) ?? evaluated(run, candidate, realised);
}
