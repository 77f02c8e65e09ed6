import { loss, pricedLoss } from '../../techniques/loss.ts';
import type { Rule } from '../laws/rule.ts';
import { no } from '../laws/rule.ts';
import type { MegatronRun } from './run.ts';

const FUSION = '--cross-entropy-loss-fusion';
const IMPLEMENTATION = '--cross-entropy-fusion-impl';

/** Values of `loss` by the implementations of Megatron's fusion (megatron/core/model_parallel_config.py@d98e8a6). */
const FUSED: Readonly<Record<string, string>> = { 'fused-native': 'native', fused: 'te' };

/** What it runs without a flag (megatron/core/models/common/language_module/language_module.py@d98e8a6). */
const UNFUSED = 'unfused';

/** The flags of the loss that the plan was priced with. */
export function lossArguments(id: string): string[] {
  const implementation = FUSED[id];
  return implementation === undefined ? [] : [FUSION, IMPLEMENTATION, implementation];
}

/** As `--config` writes it. */
export function lossOfRun(run: MegatronRun): Record<string, string> {
  if (!run.has(FUSION)) return { loss: UNFUSED };
  const asked = run.word(IMPLEMENTATION) ?? 'native';
  const found = Object.entries(FUSED).find(([, implementation]) => implementation === asked);
  return found === undefined ? {} : { loss: found[0] };
}

/** What it runs is what was priced: a stack whose loss it has not is not its stack. */
export const fusedLoss: Rule = (problem, plan) => {
  const priced = pricedLoss(problem, plan);
  if (priced === UNFUSED || priced in FUSED) return null;
  const ofStack = loss.of(plan.techniques) === loss.off;
  return no(
    'loss',
    ofStack ? `loss=${priced}, of the stack ${problem.stack.id}` : `loss=${priced}`,
    `${[UNFUSED, ...Object.keys(FUSED)].join(', ')}: what Megatron has`,
    ofStack ? 'Maybe --stack megatron-core, or loss=unfused.' : 'Maybe loss=fused-native.',
  );
};

/** Models of before Megatron Core know no fusion: what they run holds as much as Megatron's own, more than Transformer Engine's. */
export const unfusedLoss: Rule = (problem, plan) =>
  pricedLoss(problem, plan) === 'fused'
    ? no('loss', 'loss=fused', `${UNFUSED}: what models of before Megatron Core have`)
    : null;

/** Its parser refuses what Transformer Engine fuses, "due to stability issues" (training/arguments.py@d98e8a6). */
export function lossNotes(id: string): string[] {
  return id === 'fused'
    ? [
        `\`${IMPLEMENTATION} te\` is refused by Megatron-LM of August 2026 and later: loss=fused-native there, which keeps logits in fp32.`,
      ]
    : [];
}
