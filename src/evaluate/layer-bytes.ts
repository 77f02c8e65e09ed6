import type { Problem } from '../domain/problem.ts';
import { holdingsOf } from '../techniques/index.ts';
import { type StageSpec, stageContext } from './context.ts';
import { allocatable } from './memory/device.ts';
import { limitsOf } from './memory/stage-memory.ts';
import { type ProfileCache, partsOf } from './stage-profile.ts';

/** What a GPU holds all through the step: bytes of one layer of each kind, and what there is for all. */
export interface LayerStates {
  readonly states: readonly number[];
  readonly allocatable: number;
}

/** States of a layer depend on nothing of a micro-batch. */
export function layerStates(problem: Problem, spec: StageSpec, cache: ProfileCache): LayerStates {
  const context = stageContext(problem, spec);
  const holdings = holdingsOf(context).filter(({ device, passing }) => device === 'gpu' && passing !== true);
  const states = partsOf(context, cache)[0]!.kinds.map(({ memory: { owned } }) =>
    holdings.reduce((sum, { state, of, share }) => sum + share * owned[state][of], 0),
  );
  return { states, allocatable: allocatable(limitsOf(context)) };
}

/** Bytes that one layer of each kind keeps for backward at least, for each micro-batch in flight: of one GPU. */
export function layerSaved(problem: Problem, spec: StageSpec, cache: ProfileCache): readonly number[] {
  const segments = partsOf(stageContext(problem, spec), cache);
  return segments[0]!.kinds.map((_, kind) =>
    Math.min(...segments.map(({ kinds }) => kinds[kind]!.memory.saved)),
  );
}
