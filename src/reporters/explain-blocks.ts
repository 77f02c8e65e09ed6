import type { Estimate } from '../domain/estimate.ts';
import type { Change, Explanation, StageSeats } from '../domain/explanation.ts';
import type { Problem } from '../domain/problem.ts';
import { arithmetic } from '../plan-text/degrees.ts';
import { digits, formatBytes, formatPercent, formatSeconds } from '../units/format.ts';
import { wrap } from '../units/wrap.ts';
import { memoryBars, namesOf } from './memory-bars.ts';
import type { Style } from './paint.ts';
import { disturbedLines } from './steady.ts';
import { textTimeline } from './text-timeline.ts';
import { clip, layersWords } from './words.ts';

/** What an explanation adds to the tables of an estimate, block by block. */
export function explainBlocks(
  problem: Problem,
  estimate: Estimate,
  explanation: Explanation,
  style: Style,
): { readonly head: string[]; readonly pictures: string[]; readonly advice: string[] } {
  return {
    head: [
      bottleneckLines(problem, estimate, explanation)
        .map((line) => wrap(line, style.columns))
        .join('\n'),
    ],
    pictures: [
      memoryBars(problem, estimate.stages, style),
      ...(explanation.timeline.rows.length > 1 ? [textTimeline(problem, explanation.timeline, style)] : []),
      seatsWords(explanation.seats, style),
    ],
    advice: [
      [
        'If one thing turns out worse than stated',
        ...disturbedLines(estimate.stepSeconds, explanation.disturbed),
      ].join('\n'),
      wrap(evenWords(estimate, explanation), style.columns),
      changesWords(estimate, explanation, style),
    ],
  };
}

/** Below it a link at twice its rate changes nothing worth a word. */
const NO_EFFECT = -0.001;

export function bottleneckLines(
  { cluster }: Problem,
  { stages }: Estimate,
  { busyShares, links }: Explanation,
): string[] {
  const busiest = busyShares.reduce((a, b) => (b.share > a.share ? b : a));
  const idlest = busyShares.reduce((a, b) => (b.share < a.share ? b : a));
  const on = (of: typeof busiest) => {
    const own = stages.find(({ pipeline, stage }) => pipeline === of.pipeline && stage === of.stage)!;
    return `stage ${namesOf(busyShares)(of)} (${cluster.groups[own.group]!.gpu.id}, ${own.layers} layers)`;
  };
  const stage =
    busyShares.length === 1
      ? 'Bottleneck: one stage, which works all the time.'
      : `Bottleneck stage: ${on(busiest)} works ${formatPercent(busiest.share)} of the pipeline's time${busiest.share - idlest.share > 0.005 ? `; ${on(idlest)} works ${formatPercent(idlest.share)}, the least` : '; all others as much'}.`;
  const [link] = links;
  const way =
    link === undefined || link.effect > NO_EFFECT
      ? 'Bottleneck link: none; twice the rate of any link would save less than 0.1% of the step.'
      : `Bottleneck link: ${link.link}; twice its rate would save ${formatPercent(-link.effect)} of the step${links[1] !== undefined && links[1].effect <= NO_EFFECT ? `, the next (${links[1].link}) ${formatPercent(-links[1].effect)}` : ''}.`;
  return [stage, way];
}

/** Runs of hosts with the same GPUs on a line. */
const MOST_HOSTS = 8;
const MOST_STAGES = 32;

function seatsWords(seats: readonly StageSeats[], { columns }: Style): string {
  const name = namesOf(seats);
  const lines = seats.slice(0, MOST_STAGES).map((one) => {
    const { layers, runs } = one;
    const layersText = `${layers} layer${layers === 1 ? '' : 's'}`;
    return wrap(`${name(one)}  ${layersText}: ${hostsWords(runs)}`, columns, '     ');
  });
  const more = seats.length > MOST_STAGES ? [`… and ${seats.length - MOST_STAGES} more stages`] : [];
  return ['who serves which stage', ...lines, ...more].join('\n');
}

/** `h100-0 … h100-3 (4 hosts), GPUs 0-7` */
export function hostsWords(runs: StageSeats['runs']): string {
  const alike: { hosts: string[]; gpus: string }[] = [];
  for (const { host, gpus } of runs) {
    const text = rangesOf(gpus);
    const last = alike.at(-1);
    if (last?.gpus === text) last.hosts.push(host);
    else alike.push({ hosts: [host], gpus: text });
  }
  const words = alike.slice(0, MOST_HOSTS).map(({ hosts, gpus }) => {
    const many =
      hosts.length > 2 ? `${hosts[0]} … ${hosts.at(-1)} (${hosts.length} hosts)` : hosts.join(', ');
    return `${many}, GPU${/[-,]/.test(gpus) ? 's' : ''} ${gpus}`;
  });
  const more = alike.length > MOST_HOSTS ? ` and ${alike.length - MOST_HOSTS} more` : '';
  return `${words.join('; ')}${more}`;
}

/** `0-3,6` */
function rangesOf(numbers: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const one of numbers) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] + 1 === one) last[1] = one;
    else runs.push([one, one]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join();
}

export function evenWords({ stepSeconds }: Estimate, { evenSplit }: Explanation): string {
  if ('rule' in evenSplit) return `Even split: ${evenSplit.actual}. ${evenSplit.hint ?? ''}`.trim();
  const factor = evenSplit.estimate.stepSeconds / stepSeconds;
  const verdict =
    factor < 0.995
      ? `${digits(1 / factor)}× as fast as this plan`
      : factor < 1.005
        ? 'as fast as this plan'
        : `this plan is ${digits(factor)}× as fast`;
  return `Even split: ${formatSeconds(evenSplit.estimate.stepSeconds)} (${arithmetic(evenSplit.plan)}, layers ${clip(layersWords(evenSplit.plan), 24)}): ${verdict}.`;
}

/** Of each kind of advice. */
const MOST = { configuration: 5, lacking: 3, hardware: 4 };

function changesWords({ stepSeconds, verdict }: Estimate, { changes }: Explanation, style: Style): string {
  const configured = changes.filter(({ kind }) => kind === 'configuration');
  const fits = configured.filter((one) => one.verdict !== 'does-not-fit');
  const faster = fits.filter(({ effect }) => effect < 0);
  // A plan that does not fit is mended first, at whatever cost.
  const first = verdict === 'does-not-fit' ? fits : faster;
  const lacking = configured.filter((one) => one.verdict === 'does-not-fit' && one.effect < 0);
  const bought = changes.filter(({ kind, effect }) => kind === 'hardware' && effect < 0);
  const nearest = fits.find(({ effect }) => effect >= 0);
  const block = (head: string, some: readonly Change[], most: number) =>
    some.length === 0 ? [] : [head, ...some.slice(0, most).map((one) => changeLine(one, style))];
  const closest = [...configured].sort((a, b) => b.roomBytes - a.roomBytes);
  const blocks =
    verdict === 'does-not-fit'
      ? first.length > 0
        ? block('What to change first, so that it fits', first, MOST.configuration)
        : block('What to change first: nothing a step away fits; the closest to it', closest, MOST.lacking)
      : [
          ...(first.length > 0
            ? block('What to change first', first, MOST.configuration)
            : [
                wrap(
                  `What to change first: nothing a step away is faster${nearest === undefined ? '' : `; the nearest is ${foldedLayers(nearest.what)}, ${effectWords(nearest)} (${formatSeconds(nearest.stepSeconds)})`}.`,
                  style.columns,
                ),
              ]),
          ...block('Faster with more memory', lacking, MOST.lacking),
          ...block('Other hardware, the same plan', bought, MOST.hardware),
        ];
  const asked = `Each is one change to these ${formatSeconds(stepSeconds)}, asked of the same evaluator (${changes.length} asked; --json has all).`;
  return [...blocks, wrap(asked, style.columns)].join('\n');
}

function changeLine(one: Change, { columns }: Style): string {
  const room = one.kind === 'hardware' && one.verdict !== 'does-not-fit' ? '' : roomWords(one);
  const what = foldedLayers(one.what);
  return wrap(
    `  ${effectWords(one).padStart(7)}  ${what}${room === '' ? '' : `: ${room}`}`,
    columns,
    ' '.repeat(11),
  );
}

/** `fits by 0.6 GiB` */
export function roomWords({ verdict, roomBytes, stage, group }: Change): string {
  return verdict === 'does-not-fit'
    ? `lacks ${formatBytes(-roomBytes)} on stage ${stage} (${group})`
    : `${verdict} by ${formatBytes(roomBytes)}`;
}

/** `−1.8%` */
export function effectWords({ effect }: Change): string {
  return `${effect < 0 ? '−' : '+'}${formatPercent(Math.abs(effect))}`;
}

/** Runs of equal layers in a configuration folded, as it may be typed: `layers=9×3/26/27`. */
export function foldedLayers(configuration: string): string {
  return configuration.replace(/(?<=(?:^|,)layers=)[\d/]+/, (text) => {
    const runs: [string, number][] = [];
    for (const count of text.split('/')) {
      const last = runs.at(-1);
      if (last?.[0] === count) last[1] += 1;
      else runs.push([count, 1]);
    }
    return runs
      .map(([count, times]) => (times > 2 ? `${count}×${times}` : Array(times).fill(count).join('/')))
      .join('/');
  });
}
