import type { Problem } from '../../domain/problem.ts';
import { scheduleOf } from '../../schedules/index.ts';
import { remembered } from '../../units/remembered.ts';
import type { Choice } from '../space/choices.ts';
import type { Layout } from '../space/frame.ts';
import type { CostBook } from './cost-book.ts';
import { kindCounts } from './kind-counts.ts';
import { flowFor, leastAlive, type MemoryMiss, missing } from './memory-bound.ts';
import { standInOf } from './stand-in.ts';

/**
 * Shows that no cut of a layout fits with a choice by what layers take alone, states and activations of the micro-batches in
 * flight: Σ_s room_s / bytes_s < layers, counted by their worth where kinds differ. States are the same for all micro-batches, and
 * activations for all ways to share states: each is looked up once, so that this is asked before anything is timed.
 */
export class LayerRoom {
  private readonly problem: Problem;
  private readonly book: CostBook;
  private readonly layout: Layout;
  private readonly known = new Map<Choice, readonly number[]>();

  constructor(problem: Problem, book: CostBook, layout: Layout) {
    this.problem = problem;
    this.book = book;
    this.layout = layout;
  }

  /** Need over room where no cut fits; null where one may. */
  excess(choice: Choice): number | null {
    if (kindCounts(this.problem).length > 1) return this.excessOfKinds(choice);
    const times = this.timesAll(choice);
    return times * (1 + 1e-9) >= 1 ? null : 1 / times;
  }

  /** Whether memory may say how layers are cut with a choice: stages have little more room than for all of them. */
  isTight(choice: Choice): boolean {
    return this.timesAll(choice) < TIGHT;
  }

  /** For so many times all layers that stand for the model's all stages have room; endless where they lie elsewhere. */
  private timesAll(choice: Choice): number {
    let most = 0;
    for (const layers of this.own(choice)) most += layers;
    return most / standInOf(this.problem).layers;
  }

  private excessOfKinds(choice: Choice): number | null {
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

  /** Layers that stand for the model's that fit on each stage with some of these choices, at most. */
  most(choices: readonly Choice[]): readonly number[] {
    if (choices.length === 1) return this.own(choices[0]!);
    const most = new Array<number>(this.layout.pp).fill(0);
    for (const choice of choices)
      for (const [stage, layers] of this.own(choice).entries()) most[stage] = Math.max(most[stage]!, layers);
    return most;
  }

  private own(choice: Choice): readonly number[] {
    return remembered(this.known, choice, () => this.mostOf(choice));
  }

  /** The same with one choice, and so many micro-batches of a replica. */
  mostOf(choice: Choice, microBatches?: number): number[] {
    const { kinds } = standInOf(this.problem);
    const { held, saves, inFlight } = this.asked(choice, microBatches);
    const most: number[] = [];
    for (const [run, { stages }] of this.layout.runs.entries()) {
      const { states, allocatable } = held[run]!;
      const saved = saves[run]!;
      for (let i = 0; i < stages; i++) {
        const alive = inFlight[most.length]!;
        let least = Number.POSITIVE_INFINITY;
        for (const kind of kinds) least = Math.min(least, states[kind]! + alive * saved[kind]!);
        most.push(allocatable / least);
      }
    }
    return most;
  }

  /** Micro-batches that each stage has alive at most with any of these choices, where all of them have one chunk a stage and whole backwards; null elsewhere. */
  alive(choices: readonly Choice[]): readonly number[] | null {
    const { layout, book } = this;
    if (layout.pp === 1 || !choices.every(takesTurns)) return null;
    const [first, ...rest] = choices.map((choice) => book.inFlight({ layout, choice }));
    return rest.length === 0 ? first! : first!.map((own, s) => Math.max(own, ...rest.map((one) => one[s]!)));
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

/** Room for so many times the layers there are. */
const TIGHT = 2;

/** A stage has one chunk, whose backward is one pass, and a step ends with nothing in flight. */
function takesTurns({ vpp, schedule }: Choice): boolean {
  const { chunks, splitsBackward, flows } = scheduleOf(schedule);
  return vpp === 1 && chunks === 'one' && !splitsBackward && flows !== true;
}
