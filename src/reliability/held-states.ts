import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { endsOf } from '../evaluate/ends.ts';
import { type Place, placesOf, seatsOf } from '../launch-folder/ranks.ts';
import { zero } from '../techniques/zero.ts';
import { KEPT, type ModelBytes, OF } from './part-bytes.ts';

/** A piece of one part's states: the share of each of its tensors, from and to, and of that share the shard. */
export interface Piece {
  /** Layer by its number, an end of the model by its name; of its dense weights or experts; weights or states. */
  readonly part: string;
  /** Bytes of the whole part. */
  readonly bytes: number;
  readonly slice: readonly [from: number, to: number];
  readonly shard: readonly [from: number, to: number];
}

/** What each GPU of a plan holds, by its host and number there. */
export function heldStates(problem: Problem, plan: Plan, model: ModelBytes): Map<string, readonly Piece[]> {
  const places = placesOf(plan);
  const seats = seatsOf(problem.cluster, plan);
  const ends = plan.pipelines.map((pipeline) => endsOf(plan, pipeline));
  const known = new Map<string, Piece[]>();
  return new Map(
    places.map((place, rank) => {
      const { host, gpu } = seats[rank]!;
      const { pipeline, stage } = place;
      const dims = gridOf(plan, place);
      const key = [pipeline, stage, ...dims.flat(2)].join();
      const fresh = () => piecesOf(problem, plan, model, place, ends[pipeline]![stage]!, dims);
      const pieces = known.get(key) ?? fresh();
      known.set(key, pieces);
      return [`${host}/${gpu}`, pieces];
    }),
  );
}

type Interval = readonly [number, number];
/** Of dense weights and of experts: slice of the tensors, and shard of the optimizer's states. */
type Grid = readonly (readonly [slice: Interval, shard: Interval])[];

function gridOf(plan: Plan, { pipeline, stage, device, tp, cp, dp, ep }: Place): Grid {
  const { replicas } = plan.pipelines[pipeline]!.stages[stage]!;
  const { dims } = plan;
  const copies = replicas.reduce((sum, { count }) => sum + count, 0);
  const width = replicas.findLast(({ firstDevice }) => firstDevice <= device)?.tp ?? replicas[0]!.tp;
  const shards = Math.max(1, Math.floor(copies / dims.dpReplicate));
  const nth = (i: number, of: number): Interval => [i / of, (i + 1) / of];
  const dense = [nth(tp, width), nth((dp % shards) * dims.cp + cp, shards * dims.cp)] as const;
  const grid = dims.ep * dims.etp;
  const among = Math.max(1, Math.floor((shards * dims.cp * width) / grid));
  const inStage = ((dp % shards) * dims.cp + cp) * width + tp;
  const expert = [
    nth(ep * dims.etp + (tp % dims.etp), grid),
    nth(Math.floor(inStage / grid) % among, among),
  ] as const;
  return [dense, expert];
}

const WHOLE: Interval = [0, 1];

function piecesOf(
  { model: spec }: Problem,
  plan: Plan,
  { kinds, embedding, head }: ModelBytes,
  { pipeline, stage }: Place,
  ends: { readonly embedding: number | null; readonly head: number | null },
  grid: Grid,
): Piece[] {
  const { chunks } = plan.pipelines[pipeline]!.stages[stage]!;
  const sharding = zero.of(plan.techniques);
  const layers = chunks.flatMap(({ first, end }) =>
    spec.layers.slice(first, end).map((kind, i) => [`${first + i}`, kinds[kind]!] as const),
  );
  const parts = [
    ...layers,
    ...(ends.embedding === null ? [] : [['embedding', embedding] as const]),
    ...(ends.head === null ? [] : [['head', head] as const]),
  ];
  return parts.flatMap(([name, bytes]) =>
    OF.flatMap((of, i) =>
      KEPT.flatMap((kept): Piece[] => {
        const [slice, shard] = grid[i]!;
        const sharded = sharding >= (kept === 'states' ? 1 : 3);
        return bytes[of][kept] === 0
          ? []
          : [
              {
                part: `${name}/${of}/${kept}`,
                bytes: bytes[of][kept],
                slice,
                shard: sharded ? shard : WHOLE,
              },
            ];
      }),
    ),
  );
}
