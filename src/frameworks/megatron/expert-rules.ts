import { bad } from '../reading/file-rule.ts';
import { isInterleaved } from './cut.ts';
import { granularityOf, modulesOf } from './recompute.ts';
import { expertsOf, type MegatronRule } from './run.ts';

/** What mixtures of experts ask for (transformer_config.py@002526d). */
export const EXPERT_RULES: readonly MegatronRule[] = [
  {
    rule: 'moe-overlap',
    at: '--overlap-moe-expert-parallel-comm',
    check: (run, { pp, ep }) => {
      if (!run.has('--overlap-moe-expert-parallel-comm')) return null;
      const counted = ['--recompute-method', '--recompute-num-layers'].filter((flag) => run.has(flag));
      const wrong = [
        ...(ep < 2 ? ['ep 1'] : []),
        ...(['alltoall', 'flex'].includes(run.word('--moe-token-dispatcher-type') ?? 'allgather')
          ? []
          : ['the allgather dispatcher']),
        ...(pp > 1 && !isInterleaved(run) ? ['no virtual stages'] : []),
        ...(granularityOf(run) === null ? [] : counted),
        ...(modulesOf(run).includes('moe') ? ['recomputed moe'] : []),
        ...(run.has('--moe-shared-expert-overlap') ? ['--moe-shared-expert-overlap'] : []),
        ...((run.count('--mtp-num-layers', 0) ?? 0) > 1 ? ['several prediction layers'] : []),
      ];
      return wrong.length === 0
        ? null
        : bad(
            `--overlap-moe-expert-parallel-comm with ${wrong.join(', ')}`,
            'ep above 1, alltoall or flex, virtual stages, recomputation of whole chunks or of other modules than moe',
            'Change them, or drop it.',
          );
    },
  },
  {
    rule: 'delayed-weight-gradients',
    at: '--delay-wgrad-compute',
    check: (run) =>
      run.has('--delay-wgrad-compute') && !run.has('--overlap-moe-expert-parallel-comm')
        ? bad('--delay-wgrad-compute', '--overlap-moe-expert-parallel-comm', 'Add it, or drop both.')
        : null,
  },
  {
    rule: 'expert-bias',
    at: '--expert-tensor-parallel-size',
    check: (run, { etp }) =>
      expertsOf(run) !== null && !run.has('--disable-bias-linear') && etp > 1
        ? bad(
            `etp ${etp} with linear biases`,
            'etp 1, or --disable-bias-linear',
            'Add --expert-tensor-parallel-size 1.',
          )
        : null,
  },
  {
    rule: 'one-expert-a-token',
    at: '--moe-router-topk',
    check: (run) =>
      run.count('--moe-router-topk') === 1 &&
      (run.word('--moe-router-score-function') ?? 'softmax') === 'softmax' &&
      run.word('--moe-router-load-balancing-type') !== 'sinkhorn' &&
      !run.has('--moe-router-pre-softmax')
        ? bad('a softmax over one expert', '--moe-router-pre-softmax', 'Add --moe-router-pre-softmax.')
        : null,
  },
];
