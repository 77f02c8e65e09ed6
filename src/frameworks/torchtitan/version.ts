/**
 * The torchtitan that `plan.py` is written for. Its fields exist from PR #4121 (batches counted in tokens) and #3559 (CUDA
 * graphs by default) until #4322 (context parallelism becomes a transform of the model); later the recipes move to
 * torchtitan_recipes and module_fqns_per_model_part is renamed. Recipes of this very shape were run on that commit:
 * JavaZeroo/ascend-torchtitan, ascend_titan/models/qwen3 (`qwen3_8b_npu_pp2`).
 */
export const TORCHTITAN_VERSION = {
  commit: '13da2d77c',
  date: '2026-08-29',
  since: 'PR #4121',
  before: 'PR #4322',
} as const;
