import { type BySegment, type MemoryTerm, memoryTerm, type Point } from '../../domain/memory-term.ts';
import type { Ends } from '../../domain/plan.ts';
import { statesIn, widenedBytes } from '../../domain/stack.ts';
import { lastKind } from '../../layers/parameters.ts';
import { optimizerOf } from '../../optimizers/index.ts';
import { scheduleOf } from '../../schedules/index.ts';
import { gatheredBytes, type Held, type Parameters, type State } from '../../techniques/holding.ts';
import { having, holdingsOf, takenOver } from '../../techniques/index.ts';
import { wholeOutput } from '../bytes-between.ts';
import { gradientBuffers } from '../reduced-beside.ts';
import type { StageProfile } from '../stage-profile.ts';
import { activationsElsewhere } from './activations-elsewhere.ts';
import { alignedTerms } from './aligned-terms.ts';
import { besideStates } from './beside-states.ts';
import { dealtTerms } from './dealt-terms.ts';
import type { StagePlace } from './held.ts';
import type { OperatorMemory } from './operator-memory.ts';
import type { Owned } from './owned.ts';
import { ownedAtEnds, ownedBeside } from './owned-by-stage.ts';
import { scoreBuffer } from './score-buffer.ts';
import { beyondShare } from './unsplit.ts';

const BACKWARD: readonly Point[] = ['backward', 'end-of-backward'];
const MADE: readonly Point[] = ['end-of-backward', 'optimizer-step'];
const STEP: readonly Point[] = ['optimizer-step'];
const IN_FLIGHT: readonly Point[] = ['forward', 'loss', 'backward'];

const HOLDING = having('terms');

/**
 * All that one GPU of a stage holds, wherever it stands: states as techniques share them out, what micro-batches keep, what
 * passes need. What its layers take is the same in all places.
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
  const element = context.local.elementBytes;
  const both = (of: (owned: Owned, group: keyof Parameters) => number) => (owned: Owned) =>
    of(owned, 'dense') + of(owned, 'expert');
  const gathered = both(gatheredBytes);
  const live = both(({ parameters, frozen }, group) => parameters[group] - frozen[group]);
  const { updateBytes } = optimizerOf(context.problem.workload.optimizer);
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
  const { stack, workload } = context.problem;
  const { freesGradients = false } = stack;
  const wide = widenedBytes(workload, stack);
  // Of what this GPU updates.
  const widened = holdings.flatMap(({ state, of, device, share, staging }) =>
    wide === 0 || state !== 'optimizer states' || device !== 'gpu' || staging === true
      ? []
      : [{ of, bytes: wide * share, layers: each(profile, ({ owned }) => wide * share * owned.trained[of]) }],
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

/** Activations, logits, and what is alive only while a pass runs. */
function passTerms(profile: StageProfile): (place: StagePlace) => MemoryTerm[] {
  const { context, embedding, head } = profile;
  const { stack, workload } = context.problem;
  const saved = each(profile, (memory) => memory.saved);
  const restored = each(profile, (memory) => memory.restored);
  const transient = each(profile, (memory) => memory.transient);
  const offloaded = each(profile, (memory) => memory.offloaded);
  const elsewhere = offloaded.some((row) => row.some((bytes) => bytes > 0));
  const none = each(profile, () => 0);
  const scores = scoreBuffer(context);
  const alone = (part: string, at: readonly Point[], bytes: number) =>
    memoryTerm({ part, at, layers: none, fixed: [bytes] });
  const widest = (part: string, layers: BySegment) =>
    memoryTerm({ part, at: ['backward'], over: 'widest', layers, fixed: [0] });
  // The weight gradient of embedding or head, made outside the gradient buffer; of one that is kept beside the sums, as wide as these while it is
  // added to them (hp_grad.data.add_(lp.grad.data.to(hp_grad.dtype)), deepspeed/runtime/bf16_optimizer.py).
  const element = context.local.elementBytes;
  const made = Math.max(element, statesIn(workload, stack.state).gradients - element);
  // Where all micro-batches go forward before any goes backward, each has its logits until then.
  const flushed = context.dims.pp > 1 && !scheduleOf(context.schedule).bounded;
  return ({ chunks, ends }) => {
    const logits = logitBytes(profile, ends);
    const activations = { part: 'activations', layers: saved, fixed: savedBeside(profile, chunks, ends) };
    const largest = Math.max(
      ends.embedding === null ? 0 : embedding.memory.largest,
      ends.head === null ? 0 : head.memory.largest,
    );
    return [
      memoryTerm({ ...activations, at: IN_FLIGHT, times: 'in-flight' }),
      memoryTerm({ ...activations, at: ['end-of-backward'], times: 'in-flight-but-one' }),
      ...(elsewhere ? activationsElsewhere(offloaded) : []),
      ...(scores > 0 ? [memoryTerm({ part: 'attention score buffer', layers: none, fixed: [scores] })] : []),
      memoryTerm({
        part: 'logits and loss',
        at: ['forward', 'loss'],
        times: flushed ? 'in-flight' : 'once',
        layers: none,
        fixed: Array.from({ length: chunks }, (_, c) => (c === ends.head ? logits.saved : 0)),
      }),
      alone('logits and loss', ['loss'], logits.transient),
      widest('recomputed', restored),
      widest('temporaries', transient),
      // Towers go backward last: what they keep of the micro-batch is there until then.
      alone(
        'activations',
        ['end-of-backward'],
        ends.embedding === null || embedding.memory.transient === 0
          ? 0
          : embedding.memory.saved + embedding.memory.transient,
      ),
      alone('temporaries', ['end-of-backward'], stack.gradAccumulationFusion ? 0 : made * largest),
    ];
  };
}

/** A number of each kind of layer. */
function each({ layers }: StageProfile, pick: (memory: OperatorMemory) => number): BySegment {
  return layers.map((kinds) => {
    const row = new Float64Array(kinds.length);
    for (let kind = 0; kind < row.length; kind++) row[kind] = pick(kinds[kind]!.memory);
    return row;
  });
}

/** Each prediction module has logits of its own; their losses follow one another. */
function logitBytes({ context, head: { memory } }: StageProfile, { head }: Ends) {
  if (head === null) return { saved: 0, transient: 0 };
  return {
    saved: (1 + context.problem.model.mtpLayers) * memory.logits.saved,
    transient: memory.logits.transient + memory.transient,
  };
}

/** What a micro-batch keeps of embedding and head, logits apart, and of stage outputs, by chunk. */
function savedBeside(profile: StageProfile, chunks: number, ends: Ends): number[] {
  const { context, layers, embedding, head, prediction } = profile;
  const { dims } = context;
  const { model, stack } = context.problem;
  const output = stack.keepsPipelineOutputs && dims.pp > 1 ? wholeOutput(context) : 0;
  const fixed = new Array<number>(chunks).fill(output);
  if (ends.embedding !== null) fixed[ends.embedding]! += embedding.memory.saved;
  if (ends.head !== null) {
    const layer = layers.at(-1)![lastKind(model)]!;
    fixed[ends.head]! += head.memory.saved + model.mtpLayers * (layer.memory.saved + prediction.memory.saved);
  }
  return fixed;
}
