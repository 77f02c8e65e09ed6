import { type Parts, total } from '../domain/estimate.ts';
import { decimalsFor, fixed, fixedParts, roundedParts } from '../units/rounded.ts';
import { grid } from './paint.ts';
import { paidFor, timeClasses } from './time-classes.ts';

/** Digits of the step that are shown: no part above a hundred-thousandth of it is lost. */
const DIGITS = 5;

/** Where each millisecond of the step goes, by class: all rows in one unit, whose printed figures add up to the printed step. */
export function stepTable(time: Parts): string {
  const all = total(time);
  const decimals = decimalsFor(1e3 * all, DIGITS);
  const classes = timeClasses(time);
  const parts = classes.flatMap((one) => one.parts);
  const shown = new Map(
    fixedParts(
      parts.map(([, seconds]) => 1e3 * seconds),
      decimals,
    ).map((text, i) => [parts[i]![0], text]),
  );
  // Classes add up to all of the step, the parts of each to the class. In tenths of a per cent.
  const tenths = ([, seconds]: readonly [string, number]) => (1e3 * seconds) / all;
  const ofClass = roundedParts(
    classes.map(({ parts: own }) => own.reduce((sum, one) => sum + tenths(one), 0)),
  );
  const shares = new Map(
    classes.flatMap(({ parts: own }, i) =>
      roundedParts(own.map(tenths), ofClass[i]).map((share, k) => [own[k]![0], share] as const),
    ),
  );
  const percent = (share: number) => `${(share / 10).toFixed(1)}%`;
  const rows = classes.flatMap(({ name, parts: own }) => {
    const sum = own.reduce((seconds, [part]) => seconds + Number(shown.get(part)!.replaceAll(',', '')), 0);
    const share = percent(own.reduce((sum, [part]) => sum + shares.get(part)!, 0));
    const [only] = own;
    // A class of one part that is called as the class is.
    if (own.length === 1 && (only![0] === name || only![0].endsWith(name)))
      return [[paidFor(only![0]), shown.get(only![0])!, share]];
    return [
      [name, fixed(sum, decimals), share],
      // What rounds to nothing is no row; the figures add up without it.
      ...own
        .filter(([part]) => /[1-9]/.test(shown.get(part)!))
        .map(([part]) => [`  ${paidFor(part)}`, shown.get(part)!, percent(shares.get(part)!)]),
    ];
  });
  return grid(
    ['where the step goes (its busiest stage)', 'ms', 'share'],
    [...rows, ['step', fixed(1e3 * all, decimals), '100.0%']],
    [1, 2],
  );
}
