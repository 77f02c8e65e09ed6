import { bad, divides } from '../reading/file-rule.ts';
import { dataParallel, expertsOf, type MegatronRule } from './run.ts';

/** Divisibility of the dense and the expert grid, of batch and sequence. */
export const DEGREE_RULES: readonly MegatronRule[] = [
  {
    rule: 'world-size',
    at: '--tensor-model-parallel-size',
    check: (_, { tp, pp, cp, shards, gpus }) =>
      divides(
        'GPUs',
        gpus,
        tp * pp * cp * shards,
        shards > 1 ? 'tp·pp·cp·weight shards =' : 'tp·pp·cp =',
        'Change a degree, or the number of GPUs.',
      ),
  },
  {
    rule: 'expert-grid',
    at: '--expert-model-parallel-size',
    check: (run, { pp, ep, etp, gpus }) =>
      expertsOf(run) !== null
        ? divides(
            'GPUs',
            gpus,
            ep * etp * pp,
            'etp·ep·pp =',
            'Lower ep or etp; the parser does not check this, the process groups do.',
          )
        : null,
  },
  {
    rule: 'heads-divisible-by-tp',
    at: '--num-attention-heads',
    check: (run, { tp }) =>
      divides('heads', run.count('--num-attention-heads'), tp, 'tp', 'Use a tp that divides the heads.'),
  },
  {
    rule: 'query-groups',
    at: '--num-query-groups',
    check: (run, { tp }) => {
      const groups = run.count('--num-query-groups');
      return groups === null || groups % tp === 0 || tp % groups === 0
        ? null
        : bad(`${groups} query groups`, `a multiple or a divisor of tp ${tp}`, 'Use another tp.');
    },
  },
  {
    rule: 'hidden-divisible-by-heads',
    at: '--hidden-size',
    check: (run) => {
      const heads = run.count('--num-attention-heads');
      return run.has('--kv-channels') || run.has('--multi-latent-attention') || heads === null
        ? null
        : divides('hidden size', run.count('--hidden-size'), heads, 'the heads', 'Add --kv-channels.');
    },
  },
  {
    rule: 'experts-divisible-by-ep',
    at: '--num-experts',
    check: (run, { ep }) => {
      const experts = expertsOf(run);
      if (ep > 1 && experts === null)
        return bad(`ep ${ep}`, 'a model with --num-experts', 'Drop --expert-model-parallel-size.');
      return divides('experts', experts, ep, 'ep', 'Use an ep that divides the experts.');
    },
  },
  {
    rule: 'sequence-divisible',
    at: '--seq-length',
    check: (run, { cp }) =>
      cp > 1
        ? divides('sequence length', run.count('--seq-length'), 2 * cp, '2·cp =', 'Use another cp or length.')
        : null,
  },
  {
    rule: 'positions',
    at: '--max-position-embeddings',
    check: (run) => {
      const [length, most] = [run.count('--seq-length'), run.count('--max-position-embeddings')];
      return length === null || most === null || most >= length
        ? null
        : bad(
            `${most} positions`,
            `at least the sequence length ${length}`,
            `Set --max-position-embeddings ${length}.`,
          );
    },
  },
  {
    rule: 'batch-divisible',
    at: '--global-batch-size',
    check: (run, sizes) => {
      const [dp, micro] = [dataParallel(sizes), run.count('--micro-batch-size')];
      if (dp === null || micro === null) return null;
      return divides(
        'global batch',
        run.count('--global-batch-size'),
        micro * dp,
        'micro-batch·dp =',
        'Change the batch or the degrees.',
      );
    },
  },
  {
    rule: 'evaluation-batch-divisible',
    at: '--eval-global-batch-size',
    check: (run, sizes) => {
      const dp = dataParallel(sizes);
      const micro = run.count('--eval-micro-batch-size') ?? run.count('--micro-batch-size');
      const batch = run.count('--eval-global-batch-size');
      return dp === null || micro === null
        ? null
        : divides('evaluation batch', batch, micro * dp, 'micro-batch·dp =', 'Change the evaluation batch.');
    },
  },
  {
    rule: 'hierarchical-context',
    at: '--hierarchical-context-parallel-sizes',
    check: (run, { cp }) => {
      const sizes = run.flags.get('--hierarchical-context-parallel-sizes')?.values.map(Number);
      if (sizes === undefined) return null;
      const product = sizes.reduce((a, b) => a * b, 1);
      return product === cp
        ? null
        : bad(`sizes ${sizes.join('·')} = ${product}`, `cp ${cp}`, 'Let the sizes multiply to cp.');
    },
  },
];
