import type { StageRoom } from '../../domain/memory-term.ts';
import type { LayerRange } from '../../domain/plan.ts';
import type { InFlight } from '../../schedules/in-flight.ts';
import { remembered } from '../../units/remembered.ts';
import type { StageProfile } from '../stage-profile.ts';
import { contentOf, contentOfKind } from './content.ts';
import { mostDealt } from './dealt.ts';
import { allocatable } from './device.ts';
import { earliestStarts, mostOfOneKind } from './earliest.ts';
import { type Gathered, roomOf } from './gathered.ts';
import type { StagePlace } from './held.ts';
import { heldAt, type StageFlow } from './stage-memory.ts';
import { highest } from './walk.ts';

/** Where a stage stands in a pipeline, and what the schedule makes it keep. */
export interface StageSpot extends StageFlow {
  readonly first: boolean;
  readonly last: boolean;
}

/** What a shape of stage has room for; each question is worked out once. */
export class Rooms {
  private readonly profile: StageProfile;
  private readonly places = new Map<number, Place>();

  constructor(profile: StageProfile) {
    this.profile = profile;
  }

  /** A stage that ends before layer i fits when it begins at earliest[i] or later; its layers dealt over its chunks. */
  earliest(spot: StageSpot): Int32Array {
    return this.at(spot).earliest(spot.fronts);
  }

  /** The same as inequalities; null where its layers lie in several chunks, or are all of one kind. */
  room(spot: StageSpot): StageRoom | null {
    return this.at(spot).room(spot.fronts);
  }

  /** Peak over what may be allocated, with so many layers of one kind in each chunk. */
  share(spot: StageSpot, kind: number, counts: readonly number[]): number {
    return this.at(spot).share(spot.fronts, kind, counts);
  }

  /** Of layers first … end − 1 in one chunk, how many must be in the first segment for the rest to fit; null: not even all. */
  fewest(spot: StageSpot, range: LayerRange): number | null {
    return this.at(spot).fewest(spot.fronts, range);
  }

  /**
   * No cut gives a stage of one chunk more of layers that count for their `worth`, by kind: what ends of the model take, and
   * what only the widest layer takes, is left out.
   */
  capacity(flow: StageFlow, worth: readonly number[]): number {
    return this.between(flow).capacity(flow.fronts, worth);
  }

  /** Bytes of a layer of each kind with one micro-batch in flight, ends of the model apart. */
  worth(flow: StageFlow): number[] {
    return this.between(flow).worth();
  }

  private between({ fronts, weightVersions, accumulates }: StageFlow): Place {
    return this.at({ first: false, last: false, fronts, weightVersions, accumulates });
  }

  private at({ first, last, fronts, weightVersions, accumulates }: StageSpot): Place {
    const chunks = fronts[0]!.length;
    const place =
      Number(first) +
      2 * Number(last) +
      4 * Number(accumulates) +
      8 * (chunks + MOST_CHUNKS * (weightVersions - 1));
    const ends = { embedding: first ? 0 : null, head: last ? chunks - 1 : null };
    return remembered(
      this.places,
      place,
      () => new Place(this.profile, { chunks, ends, weightVersions, accumulates }),
    );
  }
}

const MOST_CHUNKS = 2 ** 10;

/** Rounding must never let a cut pass that the walk then refuses. */
const SAFE = 1 - 1e-12;

const ONE_IN_FLIGHT: InFlight[number] = [[1]];

class Place {
  private readonly profile: StageProfile;
  private readonly chunks: number;
  private readonly points: readonly Gathered[];
  private readonly allocatable: number;
  private readonly rooms = new Map<InFlight[number], StageRoom>();
  private readonly known = new Map<InFlight[number], Int32Array>();
  private readonly shares = new Map<InFlight[number], Map<string, number>>();
  private readonly fewestKnown = new Map<InFlight[number], Map<string, number | null>>();

  constructor(profile: StageProfile, place: StagePlace) {
    this.profile = profile;
    this.chunks = place.chunks;
    const { points, limits } = heldAt(profile, place);
    this.points = points;
    this.allocatable = allocatable(limits) * SAFE;
  }

  earliest(fronts: InFlight[number]): Int32Array {
    return remembered(this.known, fronts, () => {
      const { layers, kinds } = this.profile.context.problem.model;
      if (this.chunks > 1) return lastOf(layers.length, this.dealt(fronts));
      const room = this.inequalities(fronts);
      return kinds.length === 1
        ? lastOf(layers.length, mostOfOneKind(room))
        : earliestStarts(layers, kinds.length, room);
    });
  }

  room(fronts: InFlight[number]): StageRoom | null {
    return this.chunks > 1 || this.kinds === 1 ? null : this.inequalities(fronts);
  }

  capacity(fronts: InFlight[number], worth: readonly number[]): number {
    let capacity = Number.POSITIVE_INFINITY;
    for (const { room, sum } of this.inequalities(fronts).points) {
      let most = 0;
      for (const row of sum)
        for (let kind = 0; kind < row.length; kind++)
          most = Math.max(most, (worth[kind]! * Math.max(0, room)) / row[kind]!);
      capacity = Math.min(capacity, most);
    }
    return capacity;
  }

  worth(): number[] {
    const { points } = this.inequalities(ONE_IN_FLIGHT);
    return Array.from({ length: this.kinds }, (_, kind) =>
      Math.max(...points.map(({ sum }) => sum[0]![kind]!)),
    );
  }

  share(fronts: InFlight[number], kind: number, counts: readonly number[]): number {
    const known = remembered(this.shares, fronts, () => new Map<string, number>());
    return remembered(known, `${kind}:${counts.join()}`, () => {
      const content = contentOfKind(counts, kind, this.kinds);
      return highest(this.points, content, fronts).bytes / this.allocatable;
    });
  }

  fewest(fronts: InFlight[number], range: LayerRange): number | null {
    const known = remembered(this.fewestKnown, fronts, () => new Map<string, number | null>());
    const count = range.end - range.first;
    return remembered(known, this.kinds === 1 ? `${count}` : `${range.first}/${range.end}`, () => {
      const { layers } = this.profile.context.problem.model;
      const fits = (n: number) => {
        const content = contentOf(layers, this.kinds, [range], [Number.NEGATIVE_INFINITY, n]);
        return highest(this.points, content, fronts).bytes <= this.allocatable;
      };
      return fits(count) ? least(count, fits) : null;
    });
  }

  private get kinds(): number {
    return this.profile.context.problem.model.kinds.length;
  }

  private inequalities(fronts: InFlight[number]): StageRoom {
    return remembered(this.rooms, fronts, () =>
      roomOf(this.points, this.profile.segments, fronts[0]![0]!, this.allocatable),
    );
  }

  /** Exact where all layers are of one kind, else as if the stage held only the kind that takes most. */
  private dealt(fronts: InFlight[number]): number {
    let most = Number.POSITIVE_INFINITY;
    for (let kind = 0; kind < this.kinds; kind++)
      most = Math.min(most, mostDealt(this.points, fronts, kind, this.allocatable));
    return most;
  }
}

const lastKnown = new Map<string, Int32Array>();

/** Earliest starts of a stage that holds at most so many layers, whichever. */
function lastOf(layers: number, most: number): Int32Array {
  return remembered(lastKnown, `${layers}/${Math.min(most, layers)}`, () =>
    Int32Array.from({ length: layers + 1 }, (_, end) => Math.max(0, end - most)),
  );
}

/** The least n from 0 to `known` for which something holds, given that it holds for `known` and, once it does, for all larger. */
function least(known: number, holds: (n: number) => boolean): number {
  let [low, high] = [-1, known];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}
