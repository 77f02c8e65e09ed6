import { loss } from '../../techniques/loss.ts';
import type { Rule } from '../laws/rule.ts';
import { no } from '../laws/rule.ts';
import type { MegatronRun } from './run.ts';

const FUSION = '--cross-entropy-loss-fusion';
const IMPLEMENTATION = '--cross-entropy-fusion-impl';

/** Values of `loss` by the implementations of Megatron's fusion (megatron/core/model_parallel_config.py@d98e8a6). */
const FUSED: Readonly<Record<string, string>> = { 'fused-native': 'native', fused: 'te' };

export function lossArguments(id: string): string[] {
  const implementation = FUSED[id];
  return implementation === undefined ? [] : [FUSION, IMPLEMENTATION, implementation];
}

/** As `--config` writes it; nothing where the run does not fuse it. */
export function lossOfRun(run: MegatronRun): Record<string, string> {
  if (!run.has(FUSION)) return {};
  const asked = run.word(IMPLEMENTATION) ?? 'native';
  const found = Object.entries(FUSED).find(([, implementation]) => implementation === asked);
  return found === undefined ? {} : { loss: found[0] };
}

export const fusedLoss: Rule = (_, { techniques }) => {
  const id = loss.of(techniques);
  return id === loss.off || id in FUSED
    ? null
    : no('loss', `loss=${id}`, `${[loss.off, ...Object.keys(FUSED)].join(', ')}: what Megatron has`);
};

/** Its parser refuses what Transformer Engine fuses, "due to stability issues" (training/arguments.py@d98e8a6). */
export function lossNotes(id: string): string[] {
  return id === 'fused'
    ? [
        `\`${IMPLEMENTATION} te\` is refused by Megatron-LM of August 2026 and later: native there, which keeps logits in fp32.`,
      ]
    : [];
}
