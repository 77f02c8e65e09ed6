import type { Problem } from '../../domain/problem.ts';
import type { LayerStates } from '../../evaluate/layer-bytes.ts';
import { techniqueKeys } from '../../techniques/index.ts';
import { remembered } from '../../units/remembered.ts';
import type { Choice } from '../space/choices.ts';
import type { Layout } from '../space/frame.ts';
import { orderOf } from './by-size.ts';
import type { CostBook } from './cost-book.ts';
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
  private readonly states = new Map<string, readonly LayerStates[]>();
  private readonly saved = new Map<string, readonly (readonly number[])[]>();
  private readonly alive = new Map<string, readonly number[]>();

  constructor(problem: Problem, book: CostBook, layout: Layout) {
    this.problem = problem;
    this.book = book;
    this.layout = layout;
  }

  miss(choice: Choice): MemoryMiss | null {
    const { layout, book, problem } = this;
    const candidate = { layout, choice };
    const { microBatchSize, vpp, dpReplicate } = choice;
    const keys = techniqueKeys(choice.techniques);
    const held = remembered(this.states, `${vpp}/${dpReplicate}/${keys.step}`, () =>
      book.layerStates(candidate),
    );
    const kept = remembered(this.saved, `${microBatchSize}/${keys.layer}`, () => book.layerSaved(candidate));
    const inFlight = remembered(this.alive, `${microBatchSize}/${orderOf(choice)}`, () =>
      flowFor(problem, candidate).map(leastAlive),
    );
    const worth = held[0]!.states.map((bytes, kind) => bytes + kept[0]![kind]!);
    let capacity = 0;
    let stage = 0;
    for (const [run, { stages }] of layout.runs.entries()) {
      const { states, allocatable } = held[run]!;
      const saved = kept[run]!;
      for (const end = stage + stages; stage < end; stage++) {
        let most = 0;
        for (const [kind, each] of worth.entries())
          most = Math.max(most, each / (states[kind]! + inFlight[stage]! * saved[kind]!));
        capacity += most * allocatable;
      }
    }
    const { layers } = problem.model;
    let need = 0;
    for (const kind of layers) need += worth[kind]!;
    return capacity * (1 + 1e-9) >= need ? null : missing((layers.length * capacity) / need, layers.length);
  }
}
