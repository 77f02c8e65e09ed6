import { type MemoryTerm, memoryTerm, type Point } from '../../domain/memory-term.ts';
import { moduleBytes, widenedBytes } from '../../domain/stack.ts';
import { foreachUpdate } from '../../optimizers/foreach-update.ts';
import { optimizerOf } from '../../optimizers/index.ts';
import { gatheredBytes, type Held, type Parameters, type State } from '../../techniques/holding.ts';
import { having, holdingsOf, takenOver } from '../../techniques/index.ts';
import { gradientBuffers } from '../reduced-beside.ts';
import type { StageProfile } from '../stage-profile.ts';
import { alignedTerms } from './aligned-terms.ts';
import { besideStates } from './beside-states.ts';
import { each } from './by-kind.ts';
import { dealtTerms } from './dealt-terms.ts';
import type { StagePlace } from './held.ts';
import type { Owned } from './owned.ts';
import { ownedAtEnds, ownedBeside } from './owned-by-stage.ts';
import { passTerms } from './pass-terms.ts';
import { beyondShare } from './unsplit.ts';

const BACKWARD: readonly Point[] = ['backward', 'end-of-backward'];
const MADE: readonly Point[] = ['end-of-backward', 'optimizer-step'];
const STEP: readonly Point[] = ['optimizer-step'];

const HOLDING = having('terms');

/**
 * All that one GPU of a stage holds, wherever it stands: states as techniques share them out (ZeRO, arXiv 1910.02054, section 3.1), what
 * micro-batches keep, what passes need. What its layers take is the same in all places.
 */
export function stageTerms(profile: StageProfile): (place: StagePlace) => MemoryTerm[] {
  const states = stateTerms(profile);
  const passes = passTerms(profile);
  return (place) => [...states(place), ...passes(place)];
}

/** States, alive all through the step, and what techniques hold beside them. */
function stateTerms(profile: StageProfile): (place: StagePlace) => MemoryTerm[] {
  const { context } = profile;
  const { techniques } = context;
  const layers = (key: State, of: 'dense' | 'expert', factor = 1) =>
    each(profile, ({ owned }) => factor * owned[key][of]);
  const shares = holdingsOf(context);
  const padding = alignedTerms(profile, shares);
  const holdings = shares.map((holding) => {
    const { state, of, share } = holding;
    return { ...holding, layers: layers(state, of, share) };
  });
  const { workload, stack } = context.problem;
  const element = moduleBytes(workload, stack, context.local.elementBytes);
  const both = (of: (owned: Owned, group: keyof Parameters) => number) => (owned: Owned) =>
    of(owned, 'dense') + of(owned, 'expert');
  const gathered = both(gatheredBytes);
  const live = both(({ parameters, frozen }, group) => parameters[group] - frozen[group]);
  const { updateBytes } = optimizerOf(workload.optimizer);
  const atOnce = foreachUpdate(context.problem);
  const resident = holdings.reduce(
    (sum, { state, of, device, share }) =>
      state === 'optimizer states' && of === 'dense' && device === 'gpu' ? sum + share : sum,
    0,
  );
  const zero = each(profile, () => 0);
  const updated = (bytes: number) =>
    bytes > 0 ? [memoryTerm({ part: 'temporaries', at: STEP, layers: zero, fixed: [bytes] })] : [];
  const ofLayers = {
    gathered: each(profile, ({ owned }) => gathered(owned)),
    live: each(profile, ({ owned }) => live(owned)),
  };
  const { freesGradients = false } = stack;
  const wide = widenedBytes(workload, stack);
  // Of what this GPU updates.
  const widened = holdings.flatMap(({ state, of, device, share, staging }) =>
    wide === 0 || state !== 'optimizer states' || device !== 'gpu' || staging === true
      ? []
      : [{ of, bytes: wide * share, layers: each(profile, ({ owned }) => wide * share * owned.trained[of]) }],
  );
  // Weights that are updated one by one in backward are not all updated at once.
  const oneByOne = holdings.some(({ state, passing }) => state === 'gradients' && passing === true);
  const roots = holdings.flatMap(({ state, of, device, share, staging }) =>
    atOnce === null || oneByOne || state !== 'optimizer states' || device !== 'gpu' || staging === true
      ? []
      : [{ of, bytes: atOnce.held * share }],
  );
  const taken = takenOver(techniques);
  const buffers = gradientBuffers(context);
  const kept = besideStates(profile);
  return ({ chunks, ends, weightVersions, accumulates }) => {
    const beside = ownedBeside(profile, ends);
    const largerEnd = (of: (owned: Owned) => number) =>
      Math.max(
        ends.embedding === null ? 0 : of(ownedBeside(profile, { embedding: 0, head: null })),
        ends.head === null ? 0 : of(ownedBeside(profile, { embedding: null, head: 0 })),
      );
    const states = holdings.flatMap(({ state, of, device, share, passing, layers }) => {
      const freed = freesGradients && !accumulates && state === 'gradients' && device === 'gpu';
      if (passing === true || freed) {
        const most = largerEnd((owned) => owned[state][of]);
        const one = memoryTerm({
          part: state,
          device,
          at: passing === true ? BACKWARD : ['backward'],
          over: 'widest',
          layers: layers.map((row) => row.map((bytes) => Math.max(0, bytes - share * most))),
          fixed: [share * most],
        });
        // The head's is made while logits are there.
        const ofHead = ends.head === null ? 0 : ownedAtEnds(profile, { embedding: null, head: 0 })[state][of];
        const early = memoryTerm({
          part: state,
          device,
          at: ['loss'],
          layers: zero,
          fixed: [share * ofHead],
        });
        if (passing === true) return [early, one];
        const fixed = [share * beside[state][of]];
        return [early, one, memoryTerm({ part: state, at: MADE, layers, fixed })];
      }
      const versions = state === 'weights' ? weightVersions : state === 'gradients' ? buffers : 1;
      return memoryTerm({
        part: state,
        device,
        layers: versions === 1 ? layers : layers.map((row) => row.map((bytes) => versions * bytes)),
        fixed: [versions * share * beside[state][of]],
      });
    });
    const unsplit = holdings.flatMap(({ state, of, device, share }) => {
      const ofBeside = beyondShare(beside.unsplit?.largest.states[of] ?? 0, share);
      const most = each(profile, ({ owned }) =>
        Math.max(0, beyondShare(owned.unsplit?.largest.states[of] ?? 0, share) - ofBeside),
      );
      return state !== 'optimizer states' ||
        (ofBeside === 0 && most.every((row) => row.every((n) => n === 0)))
        ? []
        : [memoryTerm({ part: state, device, over: 'widest', layers: most, fixed: [ofBeside] })];
    });
    const copies = widened.map(({ of, bytes, layers }) =>
      memoryTerm({ part: 'widened gradients', at: STEP, layers, fixed: [bytes * beside.trained[of]] }),
    );
    const updates = roots.map(({ of, bytes }) =>
      memoryTerm({
        part: 'temporaries',
        at: STEP,
        layers: each(profile, ({ owned }) => bytes * owned.trained[of]),
        fixed: [bytes * beside.trained[of]],
      }),
    );
    const root = ownedAtEnds(profile, ends);
    const rootWeights = gatheredBytes(root, 'dense');
    const largestEnd = largerEnd(({ trained }) => trained.dense);
    const embedding = ownedAtEnds(profile, { ...ends, head: null });
    const ofEmbedding = { weights: gatheredBytes(embedding, 'dense'), live: liveOf(embedding) };
    const held: Held = {
      gathered: { layers: ofLayers.gathered, fixed: gathered(beside) },
      live: { layers: ofLayers.live, fixed: live(beside) },
      ends: {
        embedding: ofEmbedding,
        head: { weights: rootWeights - ofEmbedding.weights, live: liveOf(root) - ofEmbedding.live },
      },
      root: rootWeights + element * liveOf(root),
      rootWeights,
      updating: (updateBytes ?? 2 * element) * largestEnd,
    };
    const all = [
      ...states,
      ...copies,
      ...updates,
      ...kept(beside),
      ...unsplit,
      ...updated((updateBytes ?? 0) * resident * largestEnd),
    ];
    return [
      ...all,
      ...padding(chunks),
      ...HOLDING.flatMap((one) => (taken.has(one.id) ? [] : one.terms(one.of(techniques), held, context))),
      ...dealtTerms(profile, zero),
    ];
  };
}

function liveOf({ parameters, frozen }: Owned): number {
  return parameters.dense - frozen.dense;
}
