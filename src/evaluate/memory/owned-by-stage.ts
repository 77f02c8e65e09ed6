import type { Ends } from '../../domain/plan.ts';
import { lastKind } from '../../layers/parameters.ts';
import type { StageProfile } from '../stage-profile.ts';
import type { StageContent } from './content.ts';
import { NOTHING, type Owned, plus } from './owned.ts';

/** Embedding and head that a stage holds; a tied head is stored once where the embedding stands on the same stage. */
export function ownedAtEnds({ embedding, head }: StageProfile, ends: Ends): Owned {
  let all = NOTHING;
  if (ends.embedding !== null) all = plus(all, embedding.memory.owned);
  if (ends.head !== null)
    all = plus(all, ends.embedding === null ? head.memory.owned : head.memory.ownedUntied);
  return all;
}

/** What a stage holds beside its layers: ends, and modules that predict further tokens, a layer each and what is beside it. */
export function ownedBeside(profile: StageProfile, ends: Ends): Owned {
  const { model } = profile.context.problem;
  const all = ownedAtEnds(profile, ends);
  if (ends.head === null || model.mtpLayers === 0) return all;
  const layer = profile.layers[0]![lastKind(model)]!.memory.owned;
  return plus(plus(all, layer, model.mtpLayers), profile.prediction.memory.owned, model.mtpLayers);
}

/** All of a stage. */
export function ownedByStage(profile: StageProfile, content: StageContent, ends: Ends): Owned {
  let all = ownedBeside(profile, ends);
  for (const chunk of content)
    for (const [segment, counts] of chunk.entries())
      for (const [kind, { memory }] of profile.layers[segment]!.entries())
        if (counts[kind]! > 0) all = plus(all, memory.owned, counts[kind]!);
  return all;
}
