import type { Routing } from '../domain/routing.ts';
import { droppedShare } from '../domain/routing.ts';
import { formatPercent } from '../units/format.ts';

/** `Experts: loads of 58 layers, room for 1.25 × the mean, 3.1% of the tokens dropped.` */
export function routingWords(routing: Routing): string {
  const { imbalance, loads, capacity } = routing;
  const dropped = droppedShare(routing);
  const words = [
    ...(imbalance === undefined ? [] : [`the busiest rank has ${imbalance} × the mean`]),
    ...(loads === undefined
      ? []
      : [`loads of ${loads.length} layer${loads.length === 1 ? '' : 's'} as stated`]),
    ...(capacity === undefined
      ? []
      : [
          `room for ${capacity} × the mean`,
          dropped === null ? 'what finds none is dropped' : `${formatPercent(dropped)} of the tokens dropped`,
        ]),
  ];
  return `Experts: ${words.join(', ')}.`;
}
