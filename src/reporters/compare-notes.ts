import { calibrationTold } from '../evaluate/calibration-told.ts';
import type { CompareDocument } from '../schema/compare.ts';
import { formatPercent } from '../units/format.ts';
import type { Compared } from './compared.ts';

/** What figures rest on of the user's own runs, and of which clusters they do not. */
export function calibrationNotes(all: readonly Compared[]): string[] {
  const told = all.flatMap(({ problem }) => calibrationTold(problem).map((line) => ({ line, problem })));
  const lines = [...new Set(told.map(({ line }) => line))];
  return lines.map((line) => {
    const names = told.filter((one) => one.line === line).map(({ problem }) => problem.cluster.name);
    return `Assumed${names.length === all.length ? '' : ` of ${names.join(', ')}`}: ${line}.`;
  });
}

/** What stopped the search of a cluster, and how much better than the best so far a plan could be; null: nothing stopped it. */
export function cutOf({ result: { certificate } }: Compared): CompareDocument['clusters'][number]['cut'] {
  const { cutBy, gap } = certificate;
  return cutBy === null ? null : { by: cutBy, gap };
}

/** Clusters that were not searched to their end. */
export function cutNotes(all: readonly Compared[]): string[] {
  return all.flatMap((compared) => {
    const cut = cutOf(compared);
    if (cut === null) return [];
    const far =
      cut.gap === null
        ? 'how much better a plan could be is not known'
        : `at most ${formatPercent(cut.gap)} better is possible`;
    const words = compared.result.plans.length === 0 ? 'nothing was found so far' : `its best so far; ${far}`;
    return [
      `${cut.by === 'interrupt' ? 'Interrupted' : 'Out of time'} on ${compared.problem.cluster.name}: ${words}.`,
    ];
  });
}

/** That figures are those of the long run, and what they rest on. */
export function failureNotes(all: readonly Compared[]): string[] {
  const assumed = all.flatMap(({ problem, outlook }) =>
    outlook === null ? [] : [{ name: problem.cluster.name, texts: outlook.assumptions }],
  );
  const texts = [...new Set(assumed.flatMap((one) => one.texts))];
  if (texts.length === 0) return [];
  const of = (text: string) => {
    const some = assumed.filter((one) => one.texts.includes(text));
    return some.length === assumed.length ? '' : ` on ${some.map(({ name }) => name).join(', ')}`;
  };
  return [
    'Tokens, ratios and dollars are those of the long run, after failures and checkpoints.',
    ...texts.map((text) => `Assumed of failures${of(text)}: ${text}.`),
  ];
}
