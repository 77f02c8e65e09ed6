import { TIE } from '../domain/tie.ts';

/** Whether a part of a cluster earns its price. */
type Advice = 'keep' | 'leave-out' | 'either' | 'needed';

/** What a part adds to the rest of a cluster, as shares of what the rest has. */
export interface Worth {
  /** To tokens per second; null: the rest trains nothing. */
  readonly speed: number | null;
  /** To dollars per hour; null: no price is known. */
  readonly price: number | null;
  readonly advice: Advice;
}

/** `without` and `whole`: tokens per second; dollars per hour of the part and of the whole. */
export function worthOf(
  tokens: { readonly without: number | null; readonly whole: number },
  dollars: { readonly part: number | null; readonly whole: number | null },
): Worth {
  const price =
    dollars.part === null || dollars.whole === null || dollars.whole === dollars.part
      ? null
      : dollars.part / (dollars.whole - dollars.part);
  if (tokens.without === null) return { speed: null, price, advice: 'needed' };
  const speed = tokens.whole / tokens.without - 1;
  return { speed, price, advice: adviceOn(speed, price) };
}

/** By what a token costs with it and without, where that differs by more than a tie; without prices by speed alone. */
function adviceOn(speed: number, price: number | null): Advice {
  if (speed <= 0) return 'leave-out';
  if (price === null) return speed <= TIE ? 'leave-out' : 'keep';
  const dearer = (1 + price) / (1 + speed) - 1;
  if (Math.abs(dearer) <= TIE) return 'either';
  return dearer > 0 ? 'leave-out' : 'keep';
}
