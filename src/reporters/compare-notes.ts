import { calibrationTold } from '../evaluate/calibration-told.ts';
import type { CompareDocument } from '../schema/compare.ts';
import { gapWords } from './certificate.ts';
import type { Compared } from './compared.ts';
import { steadyReason } from './steady.ts';

/** Each line once, with the clusters that it is of where that is not all. */
function told(
  all: readonly { readonly name: string; readonly lines: readonly string[] }[],
): { readonly line: string; readonly names: string | null }[] {
  return [...new Set(all.flatMap(({ lines }) => lines))].map((line) => {
    const some = all.filter(({ lines }) => lines.includes(line));
    return { line, names: some.length === all.length ? null : some.map(({ name }) => name).join(', ') };
  });
}

/** What figures rest on of the user's own runs, and of which clusters they do not. */
export function calibrationNotes(all: readonly Compared[]): string[] {
  const lines = told(
    all.map(({ problem }) => ({ name: problem.cluster.name, lines: calibrationTold(problem) })),
  );
  return lines.map(({ line, names }) => `Assumed${names === null ? '' : ` of ${names}`}: ${line}.`);
}

/** What stopped the search of a cluster, and how much better than the best so far a plan could be; null: nothing stopped it. */
export function cutOf({ result: { certificate } }: Compared): CompareDocument['clusters'][number]['cut'] {
  const { cutBy, gap } = certificate;
  return cutBy === null ? null : { by: cutBy, gap };
}

/** Where the plan of a cluster is not the best by estimate: what that costs, and why. */
export function steadyNotes(all: readonly Compared[]): string[] {
  return all.flatMap(({ problem, result, steady, pays }) =>
    steady === undefined
      ? []
      : [
          `${problem.cluster.name}: its plan ${steadyReason(result.plans[0]!, steady.choice, pays === 'used' ? 'tokens-per-dollar' : undefined)}.`,
        ],
  );
}

/** Clusters that were not searched to their end. */
export function cutNotes(all: readonly Compared[]): string[] {
  return all.flatMap((compared) => {
    const cut = cutOf(compared);
    if (cut === null) return [];
    const words =
      compared.result.plans.length === 0
        ? 'nothing was found so far'
        : `its best so far; ${gapWords(cut.gap ?? Number.POSITIVE_INFINITY)}`;
    return [
      `${cut.by === 'interrupt' ? 'Interrupted' : 'Out of time'} on ${compared.problem.cluster.name}: ${words}.`,
    ];
  });
}

/** That figures are those of the long run, and what they rest on. */
export function failureNotes(all: readonly Compared[]): string[] {
  const assumed = told(
    all.flatMap(({ problem, outlook }) =>
      outlook === null ? [] : [{ name: problem.cluster.name, lines: outlook.assumptions }],
    ),
  );
  if (assumed.length === 0) return [];
  return [
    'Tokens, ratios and dollars are those of the long run, after failures and checkpoints.',
    ...assumed.map(
      ({ line, names }) => `Assumed of failures${names === null ? '' : ` on ${names}`}: ${line}.`,
    ),
  ];
}
