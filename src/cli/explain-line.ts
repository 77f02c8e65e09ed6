import type { Problem } from '../domain/problem.ts';
import type { RankedPlan } from '../domain/search-result.ts';
import { shellQuote } from '../launch-folder/quote.ts';
import { planText } from '../plan-text/text.ts';
import { commandLines } from '../reporters/command-lines.ts';
import type { Style } from '../reporters/paint.ts';
import type { Settings } from './settings.ts';

/** What explain takes of what plan was told. */
const TOLD = [
  'seq-length',
  'global-batch',
  'precision',
  'optimizer',
  'train',
  'lora-rank',
  'lora-modules',
  'lora-dropout',
  'images',
  'launcher',
  'stack',
  'headroom',
  'reserve',
  'packing',
  'routing',
  'models',
  'layer-profile',
] as const satisfies (keyof Settings)[];

/**
 * The command that explains a plan, to copy; null where explain cannot be told the same: a part of a cluster's GPUs, or nodes
 * in another order than the file's.
 */
export function explainLine(
  { model, cluster }: { readonly model: string; readonly cluster: string },
  s: Settings,
  problem: Problem,
  { rank, plan }: RankedPlan,
  { columns }: Style,
): string | null {
  if (s['gpu-types'] !== undefined || plan.nodeOrder !== null) return null;
  const flags = TOLD.flatMap((key) => {
    const value = s[key];
    return value === undefined ? [] : [`--${key} ${shellQuote(value)}`];
  });
  const units = [
    `shardwright explain ${shellQuote(model)}`,
    shellQuote(cluster),
    ...flags,
    `--config ${shellQuote(planText(problem, plan))}`,
  ];
  return `Explain row ${rank}:\n${commandLines(units, columns)}`;
}
