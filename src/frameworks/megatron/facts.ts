import type { ModelFacts } from '../port/reader.ts';
import { FLAG_NAMES } from './flag-names.ts';
import { expertsOf, type MegatronRun } from './run.ts';

/** What says the model, or all of it, elsewhere. */
export const ELSEWHERE = ['--use-checkpoint-args', '--yaml-cfg'];
/** Layers that are not alike: sizes of one are not those of the model. */
const UNLIKE_LAYERS = [
  '--hybrid-layer-pattern',
  '--hybrid-override-pattern',
  '--hybrid-attention-ratio',
  '--heterogeneous-layers-config-path',
  '--heterogeneous-layers-config-encoded-json',
];

/**
 * Sizes of the model that the flags describe. Where they are all of them, what is left out is the parser's default
 * (megatron/training/arguments.py@d98e8a6, validate_args).
 */
export function factsOf(run: MegatronRun): ModelFacts {
  if (UNLIKE_LAYERS.some((flag) => run.has(flag))) return {};
  const [hidden, heads] = [run.count('--hidden-size'), run.count('--num-attention-heads')];
  const latent = run.has('--multi-latent-attention');
  const defaults = run.whole && !ELSEWHERE.some((flag) => run.has(flag)) && isOfMegatron(run);
  const ffn = run.count('--ffn-hidden-size') ?? (defaults ? usualFfn(run, hidden) : null);
  const experts = expertsOf(run);
  const grouped = run.has('--group-query-attention');
  const groups = latent ? null : grouped ? run.count('--num-query-groups') : defaults ? heads : null;
  const dimension =
    run.count('--kv-channels') ?? (defaults && hidden !== null && heads !== null ? hidden / heads : null);
  const vocabulary = run.count('--padded-vocab-size') ?? run.count('--vocab-size');
  return {
    ...(heads === null ? {} : { heads }),
    ...(groups === null ? {} : { queryGroups: groups }),
    ...(dimension === null || latent ? {} : { headDim: dimension }),
    ...(ffn === null ? {} : { ffnHiddenSize: ffn }),
    ...(experts !== null ? expertFacts(run, experts, ffn) : defaults ? { experts: 0 } : {}),
    ...(vocabulary === null ? {} : { vocabulary }),
    ...(defaults
      ? {
          gated: run.has('--swiglu') || run.has('--quick-geglu'),
          tiedEmbeddings: !run.has('--untie-embeddings-and-output-weights'),
        }
      : {}),
  };
}

function expertFacts(run: MegatronRun, experts: number, ffn: number | null): ModelFacts {
  const width = run.count('--moe-ffn-hidden-size') ?? ffn;
  return {
    experts,
    expertsPerToken: run.count('--moe-router-topk') ?? 2,
    ...(width === null ? {} : { expertFfnHiddenSize: width }),
  };
}

function usualFfn(run: MegatronRun, hidden: number | null): number | null {
  if (hidden === null) return null;
  return run.has('--swiglu') ? Math.trunc((4 * hidden * 2) / 3 / 64) * 64 : 4 * hidden;
}

/** No flag is of a fork, whose defaults are its own. */
function isOfMegatron(run: MegatronRun): boolean {
  return [...run.flags.keys()].every((name) => FLAG_NAMES.has(name.slice(2)));
}
