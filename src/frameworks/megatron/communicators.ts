import type { Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { placesOf } from '../../launch-folder/ranks.ts';
import { isMoe } from '../../layers/layer.ts';
import { degreesOf } from '../../plan-text/degrees.ts';

/** Where a rank stands in the dense and the expert grid; `set`: of sharded states, `inSet`: its place in one. */
interface Coordinates {
  readonly tp: number;
  readonly cp: number;
  readonly dp: number;
  readonly pp: number;
  readonly set: number;
  readonly etp: number;
  readonly ep: number;
  readonly edp: number;
  readonly expertSet: number;
  readonly inExpertSet: number;
}

/**
 * Megatron-LM's process groups by the names of get_nccl_options, and the coordinates that members share (core/
 * parallel_state.py@d98e8a6, the axes of get_ranks). `tp_ep_mp` has no pipeline axis; `intra_dist_opt_instance` takes whole
 * pipelines together. What a model shares at its ends it shares along a pipeline.
 */
const SHARED: Readonly<Record<string, readonly (keyof Coordinates)[]>> = {
  tp: ['cp', 'dp', 'pp'],
  cp: ['tp', 'dp', 'pp'],
  hcp: ['tp', 'dp', 'pp'],
  tp_cp: ['dp', 'pp'],
  dp: ['tp', 'cp', 'pp'],
  dp_cp: ['tp', 'pp'],
  intra_dp_cp: ['tp', 'pp', 'set'],
  tp_dp: ['cp', 'pp'],
  tp_dp_cp: ['pp'],
  pp: ['tp', 'cp', 'dp'],
  embd: ['tp', 'cp', 'dp'],
  pos_embd: ['tp', 'cp', 'dp'],
  mp: ['cp', 'dp'],
  ep: ['etp', 'edp', 'pp'],
  ep_tp: ['ep', 'edp', 'pp'],
  tp_ep_mp: ['edp', 'pp'],
  tp_ep_pp: ['edp'],
  tp_ep_gtp_remat_pp: ['edp'],
  ep_dp: ['etp', 'ep', 'pp'],
  intra_ep_dp: ['etp', 'ep', 'pp', 'expertSet'],
  inter_ep_dp: ['etp', 'ep', 'pp', 'inExpertSet'],
  intra_dist_opt_instance: ['expertSet'],
};

/** The ranks of each process group, by kind. */
export function communicatorsOf(
  problem: Problem,
  plan: Plan,
): ReadonlyMap<string, readonly (readonly number[])[]> {
  const coordinates = coordinatesOf(problem, plan);
  return new Map(
    Object.entries(SHARED).map(([name, shared]) => {
      const found = new Map<string, number[]>();
      for (const [rank, at] of coordinates.entries()) {
        const key = shared.map((axis) => at[axis]).join();
        const ranks = found.get(key);
        if (ranks === undefined) found.set(key, [rank]);
        else ranks.push(rank);
      }
      return [name, [...found.values()]];
    }),
  );
}

/** Of each rank. Without experts, expert tensor parallelism is the tensor parallelism (its default). */
function coordinatesOf({ model }: Problem, plan: Plan): Coordinates[] {
  const { tp, cp, dp, ep, etp: stated } = degreesOf(plan);
  const etp = isMoe(model) ? stated : tp;
  const { dpReplicate } = plan.dims;
  const perSet = (dp * cp) / dpReplicate;
  const perExpertSet = Math.max(1, Math.floor((tp * cp * dp) / (etp * ep) / dpReplicate));
  return placesOf(plan).map((place) => {
    const copy = place.dp * cp + place.cp;
    const inStage = copy * tp + place.tp;
    const edp = Math.floor(inStage / (etp * ep));
    return {
      tp: place.tp,
      cp: place.cp,
      dp: place.dp,
      pp: place.stage,
      set: Math.floor(copy / perSet),
      etp: inStage % etp,
      ep: Math.floor(inStage / etp) % ep,
      edp,
      expertSet: Math.floor(edp / perExpertSet),
      inExpertSet: edp % perExpertSet,
    };
  });
}
