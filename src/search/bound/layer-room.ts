import type { Problem } from '../../domain/problem.ts';
import type { Choice } from '../space/choices.ts';
import type { Layout } from '../space/frame.ts';
import type { CostBook } from './cost-book.ts';
import { kindCounts } from './kind-counts.ts';
import { flowFor, leastAlive, type MemoryMiss, missing } from './memory-bound.ts';

/**
 * Shows that no cut of a layout fits with a choice by what layers take alone, states and activations of the micro-batches in
 * flight: Σ_s room_s / bytes_s < layers, counted by their worth where kinds differ. States are the same for all micro-batches, and
 * activations for all ways to share states: each is looked up once, so that this is asked before anything is timed.
 */
export class LayerRoom {
  private readonly problem: Problem;
  private readonly book: CostBook;
  private readonly layout: Layout;

  constructor(problem: Problem, book: CostBook, layout: Layout) {
    this.problem = problem;
    this.book = book;
    this.layout = layout;
  }

  /** Need over room where no cut fits; null where one may. */
  excess(choice: Choice): number | null {
    const { layout, problem } = this;
    const { held, saves, inFlight } = this.asked(choice);
    const kinds = held[0]!.states.length;
    const worth = (kind: number) => held[0]!.states[kind]! + saves[0]![kind]!;
    let need = 0;
    for (const [kind, count] of kindCounts(problem).entries()) need += count * worth(kind);
    // Layers that lie elsewhere take no room.
    if (need === 0) return null;
    let capacity = 0;
    let stage = 0;
    for (const [run, { stages }] of layout.runs.entries()) {
      const { states, allocatable } = held[run]!;
      const saved = saves[run]!;
      for (const end = stage + stages; stage < end; stage++) {
        let most = 0;
        for (let kind = 0; kind < kinds; kind++)
          most = Math.max(most, worth(kind) / (states[kind]! + inFlight[stage]! * saved[kind]!));
        capacity += most * allocatable;
      }
    }
    return capacity * (1 + 1e-9) >= need ? null : need / capacity;
  }

  /** Layers that fit on each stage with some of these choices, at most; null: of several kinds that depends. `microBatches` of a replica; left out: an equal share. */
  most(choices: readonly Choice[], microBatches?: number): readonly number[] | null {
    if (this.problem.model.kinds.length > 1) return null;
    const most = new Array<number>(this.layout.pp).fill(0);
    for (const choice of choices) {
      const { held, saves, inFlight } = this.asked(choice, microBatches);
      let stage = 0;
      for (const [run, { stages }] of this.layout.runs.entries()) {
        const { states, allocatable } = held[run]!;
        for (const end = stage + stages; stage < end; stage++) {
          const bytes = states[0]! + inFlight[stage]! * saves[run]![0]!;
          most[stage] = Math.max(most[stage]!, allocatable / bytes);
        }
      }
    }
    return most;
  }

  miss(choice: Choice): MemoryMiss | null {
    const excess = this.excess(choice);
    return excess === null ? null : this.missOf(excess);
  }

  private asked(choice: Choice, microBatches?: number) {
    const { layout, book, problem } = this;
    const candidate = { layout, choice };
    return {
      held: book.layerStates(candidate),
      saves: book.layerSaved(candidate),
      inFlight:
        microBatches === undefined
          ? book.inFlight(candidate)
          : flowFor(problem, candidate, microBatches).map(leastAlive),
    };
  }

  missOf(excess: number): MemoryMiss {
    const { length } = this.problem.model.layers;
    return missing(this.problem, length / excess, length);
  }
}
