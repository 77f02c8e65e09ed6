import type { ExpertsDocument } from '../schema/experts.ts';
import { formatInteger, formatSeconds } from '../units/format.ts';
import { wrap } from '../units/wrap.ts';
import { grid, type Style } from './paint.ts';

export function expertsTable(one: ExpertsDocument, { columns }: Style): string {
  const times = (value: number) => `${value.toFixed(2)} ×`;
  const rows = [
    ['as they lie', times(one.imbalance.rank), formatSeconds(one.seconds.expertParallel)],
    ['least-loaded rule', '', formatSeconds(one.seconds.leastLoaded)],
    [`placed for ${one.aim}`, times(one.imbalance.placed), formatSeconds(one.seconds.placed)],
  ];
  const exchanges = one.exchanges.map(
    ({ library, gpus, multiprocessors, dispatchSeconds, combineSeconds }) => [
      library,
      gpus,
      formatInteger(multiprocessors),
      formatSeconds(dispatchSeconds),
      formatSeconds(combineSeconds),
    ],
  );
  const change = one.cost.home === 0 ? 0 : 1 - one.cost.placed / one.cost.home;
  const lines = [
    `${one.model} on ${one.cluster}: loads of ${one.layers} layer${one.layers === 1 ? '' : 's'} over ${one.ranks} ranks of ${formatInteger(one.tokensPerRank)} tokens; the busiest expert has ${times(one.imbalance.expert)} the mean.`,
    `Placement ${one.proof === 'optimal' ? 'optimal, by an integer program' : 'improved by swaps: the program is too large'}: tokens of the busiest rank and those that need another rank ${(100 * change).toFixed(1)}% fewer.`,
    ...one.assumptions.map((line) => `Assumed: ${line}.`),
  ].map((line) => wrap(line, columns));
  return `${lines[0]}\n\n${grid(['experts', 'busiest rank', 'a layer, forward'], rows)}\n\n${grid(['exchange', 'on', 'SMs', 'dispatch', 'combine'], exchanges)}\n\n${lines.slice(1).join('\n')}\n`;
}
