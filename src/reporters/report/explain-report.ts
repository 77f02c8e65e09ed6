import type { Estimate } from '../../domain/estimate.ts';
import type { Explanation } from '../../domain/explanation.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { arithmetic } from '../../plan-text/degrees.ts';
import { planText } from '../../plan-text/text.ts';
import type { Origin } from '../../schema/estimate.ts';
import { formatBytes, formatInteger, formatPercent, formatSeconds } from '../../units/format.ts';
import { bottleneckLines, effectWords, evenWords, hostsWords, roomWords } from '../explain-blocks.ts';
import { namesOf } from '../memory-bars.ts';
import { problemWords } from '../plan-table.ts';
import { drawnWords } from '../text-timeline.ts';
import { unitOf } from '../unit.ts';
import {
  fullest,
  layersWords,
  memoryWords,
  microBatchWords,
  scheduleWords,
  techniqueWords,
} from '../words.ts';
import { planCharts } from './charts.ts';
import { clusterPicture } from './cluster-picture.ts';
import type { Page, Section } from './html.ts';

/** One configuration with its reasons. */
export function explainPage(
  problem: Problem,
  plan: Plan,
  estimate: Estimate,
  explanation: Explanation,
  origin: Origin,
): Page {
  return {
    title: `${problem.model.name} on ${problem.cluster.name}`,
    subtitle: `${problemWords(problem)}: ${planWords(problem, plan)}`,
    facts: planFacts(problem, estimate),
    sections: [
      {
        kind: 'lines',
        title: 'What holds it back',
        lines: [...bottleneckLines(problem, estimate, explanation), evenWords(estimate, explanation)],
      },
      changesSection(explanation),
      ...planCharts(problem, estimate, explanation.timeline, drawnWords(explanation.timeline)),
      ...servingSections(problem, explanation),
      { kind: 'lines', title: 'What it rests on', lines: restsOn(estimate) },
      {
        kind: 'table',
        title: 'To run it again',
        table: { head: [{ name: '--config' }], rows: [[{ text: planText(problem, plan), code: true }]] },
      },
    ],
    made: madeWords(origin),
  };
}

function planWords(problem: Problem, plan: Plan): string {
  return [
    arithmetic(plan),
    scheduleWords(plan),
    `micro-batch ${microBatchWords(plan)}`,
    techniqueWords(problem, plan),
    `layers ${layersWords(plan)}`,
  ].join(', ');
}

export function planFacts(problem: Problem, estimate: Estimate): Page['facts'] {
  const { memory } = fullest(estimate.stages);
  return [
    { name: 'a step', value: formatSeconds(estimate.stepSeconds) },
    { name: 'how sure, one side', value: `±${formatPercent(estimate.band)}` },
    { name: `${unitOf(problem.model)} a second`, value: formatInteger(estimate.tokensPerSecond) },
    { name: 'model FLOPs used', value: formatPercent(estimate.mfu) },
    {
      name:
        estimate.verdict === 'does-not-fit'
          ? 'does not fit'
          : `memory of the fullest GPU: ${estimate.verdict}`,
      value: `${formatBytes(memory.deviceBytes)} of ${formatBytes(memory.limitBytes)}`,
    },
    { name: 'peak and limit, GiB', value: memoryWords(problem, estimate).join(', ') },
  ];
}

function changesSection({ changes }: Explanation): Section {
  return {
    kind: 'table',
    title: 'What to change first',
    note: 'One change each, asked of the same evaluator; the fastest first. Text is typed after --config, on top.',
    table: {
      head: [
        { name: 'effect', right: true },
        { name: 'change' },
        { name: 'step', right: true },
        { name: 'memory' },
      ],
      rows: changes.map((one) => [
        { text: effectWords(one), sort: one.effect },
        { text: one.what, ...(one.kind === 'configuration' ? { code: true } : {}) },
        { text: formatSeconds(one.stepSeconds), sort: one.stepSeconds },
        { text: roomWords(one), sort: one.roomBytes },
      ]),
    },
  };
}

/** Who serves what, as a picture and as a table. */
export function servingSections(
  problem: Problem,
  { seats, busyShares }: Pick<Explanation, 'seats' | 'busyShares'>,
): Section[] {
  const name = namesOf(seats);
  return [
    {
      kind: 'picture',
      title: 'The cluster, and who serves which stage',
      note: 'Each square is a GPU with the number of its stage.',
      markup: clusterPicture(problem.cluster, seats),
    },
    {
      kind: 'table',
      title: 'Stages',
      table: {
        head: [
          { name: 'stage', right: true },
          { name: 'layers', right: true },
          { name: 'at work', right: true },
          { name: 'hosts and GPUs' },
        ],
        rows: seats.map((one, i) => [
          { text: name(one), sort: i },
          { text: `${one.layers}`, sort: one.layers },
          { text: formatPercent(busyShares[i]?.share ?? 1), sort: busyShares[i]?.share ?? 1 },
          { text: hostsWords(one.runs) },
        ]),
      },
    },
  ];
}

export function restsOn({ band, weakestProvenance, convergence, assumptions }: Estimate): string[] {
  return [
    `Step time within about ±${formatPercent(band)}; weakest figure used: ${weakestProvenance}.`,
    ...convergence.map((price) => `Convergence: ${price}.`),
    ...assumptions.map((assumption) => `Assumed: ${assumption}.`),
  ];
}

export function madeWords({ toolVersion, inputs: { model, cluster } }: Origin): string {
  return `shardwright ${toolVersion}; model ${model.name} (sha256 ${model.sha256.slice(0, 12)}), cluster ${cluster.name} (sha256 ${cluster.sha256.slice(0, 12)})`;
}
