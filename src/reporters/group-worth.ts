import { TIE } from '../domain/tie.ts';
import { type Worth, worthOf } from '../purchase/worth.ts';
import type { CompareDocument } from '../schema/compare.ts';
import { MOST_GROUPS } from '../session/group-worth.ts';
import { formatInteger, formatPercent } from '../units/format.ts';
import type { Compared } from './compared.ts';

interface GroupWords extends Worth {
  readonly group: string;
  readonly gpuType: string;
  readonly gpus: number;
  readonly used: boolean;
}

/** What each node group of a cluster adds to the others. */
function worthsOf({ problem, worths, prices, dollarsPerHour }: Compared): GroupWords[] {
  // Of a group that is left idle nothing is paid, where only GPUs in use are.
  const priceOf = (id: string) => prices.find(({ group }) => group === id);
  return (worths ?? []).map(({ group: index, used, tokensPerSecond, whole }) => {
    const { id: group, gpu, nodes, gpusPerNode } = problem.cluster.groups[index]!;
    const price = priceOf(group);
    const part = price?.dollarsPerGpuHour == null ? null : price.dollarsPerGpuHour * price.gpus;
    const worth = worthOf({ without: tokensPerSecond, whole }, { part, whole: dollarsPerHour });
    return { group, gpuType: gpu.id, gpus: nodes * gpusPerNode, used, ...worth };
  });
}

/** `mixed: a100-40 (32 × a100-40-sxm) adds 4.2% to the speed for 47.1% more an hour: leave it out.` */
export function worthLines(all: readonly Compared[]): string[] {
  return all.flatMap((compared) => {
    const of = all.length === 1 ? '' : `${compared.problem.cluster.name}: `;
    if (compared.worths === null)
      return [
        `${of}what each node group adds is asked of up to ${MOST_GROUPS}, a search each; ${compared.problem.cluster.name} has ${compared.problem.cluster.groups.length}.`,
      ];
    return worthsOf(compared).map((one) => `${of}${sentence(one)}`);
  });
}

function sentence(one: GroupWords): string {
  const { group, gpuType, gpus, used, speed, price, advice } = one;
  const who = `${group} (${formatInteger(gpus)} × ${gpuType})`;
  const more = price === null ? '' : ` for ${formatPercent(price)} more an hour`;
  if (!used)
    return `${who} is not used by the best plan${price === null ? '' : ` and paid for${more}`}: leave it out.`;
  if (speed === null) return `${who} is needed: without it nothing fits.`;
  const unless = advice === 'leave-out' && speed > TIE ? ', unless days count for more than dollars' : '';
  return `${who} adds ${formatPercent(speed)} to the speed${more}: ${ADVICE[advice]}${unless}.`;
}

const ADVICE = {
  keep: 'keep it',
  'leave-out': 'leave it out',
  either: 'a token costs as much with it as without',
  needed: 'keep it',
} as const;

/** `, without a100-40, which adds 4.2% to the speed for 47.1% more an hour`; nothing where all groups earn their price. */
export function leftOutWords(compared: Compared): string {
  const out = worthsOf(compared).filter(({ advice }) => advice === 'leave-out');
  const each = out.map(({ group, used, speed, price }) =>
    !used
      ? `${group}, which it does not use`
      : `${group}, which adds ${formatPercent(speed!)} to the speed${price === null ? '' : ` for ${formatPercent(price)} more an hour`}`,
  );
  return each.length === 0 ? '' : `, and leave out ${each.join(', and ')}`;
}

export function worthJson(compared: Compared): NonNullable<CompareDocument['clusters'][number]['groups']> {
  return worthsOf(compared).map(({ speed, price, ...one }) => ({
    ...one,
    addedSpeed: speed,
    addedDollarsPerHour: price,
  }));
}
