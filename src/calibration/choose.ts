import { median } from '../accuracy/metrics.ts';
import { digits, formatPercent } from '../units/format.ts';
import { type Fit, fitted, leftOutLoss, NO_FIT, residual } from './fit.ts';
import { LINKS, type LinkFactor, LOGS, type Response, waiting } from './response.ts';

/** What the runs can tell, and why they cannot tell the rest. */
export interface Choice {
  /** null: the estimates are as near without. */
  readonly fit: Fit | null;
  readonly links: readonly LinkFactor[];
  readonly refused: Readonly<Partial<Record<'time' | LinkFactor, string>>>;
}

/** Runs beyond the factors that are fitted: one to be left out, one that the others do not already go through. */
const BEYOND = 2;
/** Share of a step below which nothing can be said of what it waits for. */
const LEAST_WAITING = 0.02;
/** A normal deviation over the median of its sizes. */
const NORMAL = 1.4826;
/** Two runs of one configuration differ by as much (docs/calibration.md): no residual is below it. */
const REPEAT = 0.01;
/** A factor that runs tell no better than this, as logarithm, is not told by them. */
const MOST_DOUBT = 0.2;
/** What another factor must take off the error of runs left out, and at least so much of a step: the model's own faults look like slow links. */
const WORTH = 0.25;
const WORTH_STEP = REPEAT / 2;

/** Time first; then each link that runs can tell apart from it, and whose factor brings left-out runs nearer. */
export function chosen(runs: readonly Response[]): Choice {
  const refused: Partial<Record<'time' | LinkFactor, string>> = {};
  const told = LINKS.filter((link) => {
    const why = idle(runs, link) ?? few(runs, 2) ?? blurred(runs, link);
    if (why !== null) refused[link] = why;
    return why === null;
  });
  let links: LinkFactor[] = [];
  let loss = runs.length > 1 ? leftOutLoss(runs, links) : Number.NaN;
  for (let open = told; open.length > 0; ) {
    const short = few(runs, links.length + 2);
    if (short !== null) {
      for (const link of open) refused[link] = short;
      break;
    }
    const tried = open.map((link) => ({ link, loss: leftOutLoss(runs, [...links, link]) }));
    const best = tried.reduce<(typeof tried)[number] | null>(
      (least, one) => (least === null || one.loss < least.loss ? one : least),
      null,
    );
    if (best === null || !(best.loss <= Math.min((1 - WORTH) * loss, loss - WORTH_STEP))) {
      for (const one of tried)
        refused[one.link] =
          `left-out runs come too little nearer by it: ${formatPercent(one.loss)} off, ${formatPercent(loss)} without`;
      break;
    }
    const bound = boundOf(fitted(runs, [...links, best.link]), best.link);
    if (bound !== null) refused[best.link] = bound;
    else {
      links = [...links, best.link];
      loss = best.loss;
    }
    open = open.filter((link) => link !== best.link);
  }
  if (links.length === 0 && runs.length > BEYOND) {
    const plain = runs.reduce((sum, run) => sum + Math.abs(residual(run, NO_FIT)), 0) / runs.length;
    if (loss >= plain) {
      refused.time = `left-out runs come no nearer by it: ${formatPercent(loss)} off, ${formatPercent(plain)} without`;
      return { fit: null, links, refused };
    }
  }
  return { fit: fitted(runs, links), links, refused };
}

/** Why runs cannot tell how fast a link is: none waits for it. */
function idle(runs: readonly Response[], link: LinkFactor): string | null {
  const most = Math.max(...runs.map((run) => waiting(run[link])));
  return most >= LEAST_WAITING
    ? null
    : `no run waits for it longer than ${formatPercent(Math.max(0, most))} of its step`;
}

/** Or there are too few of them for so many factors. */
function few({ length }: readonly Response[], factors: number): string | null {
  return length >= factors + BEYOND
    ? null
    : `${length === 1 ? 'one run' : `${length} runs that differ`}: ${factors} factors take at least ${factors + BEYOND}`;
}

/** Or all wait for it for about as long, so that a slow link looks like slow kernels: by the standard error of its factor. */
function blurred(runs: readonly Response[], link: LinkFactor): string | null {
  const shares = runs.map((run) => waiting(run[link]));
  const mean = shares.reduce((sum, one) => sum + one, 0) / shares.length;
  const apart = Math.sqrt(shares.reduce((sum, one) => sum + (one - mean) ** 2, 0));
  const fit = fitted(runs, [link]);
  const noise = Math.max(REPEAT, NORMAL * median(runs.map((run) => Math.abs(residual(run, fit))))!);
  if (noise / apart <= MOST_DOUBT) return null;
  const [least, most] = [Math.min(...shares), Math.max(...shares)].map((share) => formatPercent(share));
  return `runs wait for it for too like a share of their steps (${least} to ${most}) to tell it from the time factor`;
}

function boundOf(fit: Fit, link: LinkFactor): string | null {
  const at = [LOGS[0]!, LOGS.at(-1)!].find((bound) => Math.abs(fit[link] - bound) < 0.021);
  return at === undefined ? null : `the fit ends where factors do, at ${digits(Math.exp(at))}`;
}
