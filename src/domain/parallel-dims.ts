/**
 * Degrees of parallelism, by torchtitan's names: tensor, context, pipeline, data (copies of the sharded states × ranks that
 * share one set of them), expert, expert tensor, and chunks per stage.
 */
export interface ParallelDims {
  readonly tp: number;
  readonly cp: number;
  readonly pp: number;
  readonly dpReplicate: number;
  readonly dpShard: number;
  readonly ep: number;
  readonly etp: number;
  readonly vpp: number;
}
