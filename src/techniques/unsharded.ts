import { type MemoryTerm, memoryTerm, type Point } from '../domain/memory-term.ts';
import { moduleBytes } from '../domain/stack.ts';
import type { Held } from './holding.ts';
import type { StageContext } from './technique.ts';

type Points = { readonly [Place in Point]?: readonly [weights: number, live: number, beside: number] };

/**
 * What FSDP keeps whole beside the shards, point by point (torch/distributed/_composable/fsdp/_fsdp_param_group.py and _fsdp_state.py@012c62d;
 * held in tests against PyTorch's own code, walked through with its fake process group). Weights are gathered into one buffer and copied
 * out of it. In forward that buffer stays until the next layer is copied out of its own: three layers at once, or two of the first one and
 * those of the root twice over, before anything is kept for backward. In backward it goes at once: the layer at work and the one on its way,
 * the gradients of the one, and those of the one before on their way to their shards. `reduced`: bytes of a gradient as it travels.
 */
export function unsharded(held: Held, { problem, local }: StageContext, reduced: number): MemoryTerm[] {
  const { live, ends } = held;
  const element = moduleBytes(problem.workload, problem.stack, local.elementBytes);
  const made = element + reduced;
  const { embedding, head } = ends;
  const both = { weights: embedding.weights + head.weights, live: embedding.live + head.live };
  const most = (weights: number, perLive: number) =>
    Math.max(0, ...weighed(held, weights, perLive).flatMap((row) => [...row]));
  const least = Math.min(...live.layers.flatMap((row) => [...row]));
  const apart = problem.stack.shardedEnds === 'apart';
  // Times a layer's weights, bytes for each of its trained parameters, and bytes beside.
  const points: Points = apart
    ? {
        'start-of-forward': [2, 0, 2 * embedding.weights],
        forward: [3, 0, 0],
        // Each chunk of a loss gathers the head anew, beside the last layer or the head itself.
        loss: [0, 0, head.weights + Math.max(most(1, 0), head.weights) + element * head.live],
        backward: [2, made, reduced * Math.max(0, head.live - least)],
        'end-of-backward': [
          0,
          0,
          Math.max(most(2, made), most(0, reduced) + embedding.weights + made * embedding.live),
        ],
      }
    : {
        'start-of-forward': [2, 0, 2 * both.weights],
        forward: [3, 0, both.weights],
        loss: [1, 0, both.weights + element * head.live],
        backward: [2, made, both.weights + element * head.live],
        'end-of-backward': [
          0,
          0,
          Math.max(
            most(2, made) + both.weights + element * head.live,
            most(0, reduced) + element * both.live + Math.max(both.weights, reduced * both.live),
          ),
        ],
      };
  return Object.entries(points).map(([at, [weights, perLive, beside]]) =>
    memoryTerm({
      part: 'gathered parameters',
      at: [at as Point],
      over: 'widest',
      layers: weighed(held, weights, perLive),
      fixed: [beside],
    }),
  );
}

function weighed({ gathered, live }: Held, weights: number, perLive: number): Float64Array[] {
  return gathered.layers.map((row, s) =>
    row.map((bytes, kind) => weights * bytes + perLive * live.layers[s]![kind]!),
  );
}
