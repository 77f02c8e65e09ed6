import type { Problem } from '../domain/problem.ts';
import type { RankedPlan } from '../domain/search-result.ts';
import { shellQuote } from '../launch-folder/quote.ts';
import { planText } from '../plan-text/text.ts';
import { commandLines } from '../reporters/command-lines.ts';
import type { Style } from '../reporters/paint.ts';
import { wrap } from '../units/wrap.ts';
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
  'calibration',
  'gpu-types',
] as const satisfies (keyof Settings)[];

/**
 * The command that explains the first of some plans, to copy, and the configuration of each other row. Nodes in another order than the
 * file's are said by a plan file alone.
 */
export function explainLines(
  { model, cluster }: { readonly model: string; readonly cluster: string },
  s: Settings,
  problem: Problem,
  plans: readonly RankedPlan[],
  { columns }: Style,
): string | null {
  const [best, ...others] = plans;
  if (best === undefined) return null;
  if (best.plan.nodeOrder !== null)
    return wrap(
      'Explain a row: add --json > plan.json, then `shardwright explain plan.json#1` (nodes are ordered by measured links, which --config cannot say).',
      columns,
    );
  const flags = TOLD.flatMap((key) => {
    const value = s[key];
    return value === undefined ? [] : [`--${key} ${shellQuote(value)}`];
  });
  const units = [
    `shardwright explain ${shellQuote(model)}`,
    shellQuote(cluster),
    ...flags,
    configOf(problem, best),
  ];
  const rest = others.map((one) => `${one.rank}  ${commandLines([configOf(problem, one)], columns - 3)}`);
  return [
    `Explain row ${best.rank}:\n${commandLines(units, columns)}`,
    ...(rest.length === 0 ? [] : [`Other rows, in the same command:\n${rest.join('\n')}`]),
  ].join('\n\n');
}

function configOf(problem: Problem, { plan }: RankedPlan): string {
  return `--config ${shellQuote(planText(problem, plan))}`;
}
