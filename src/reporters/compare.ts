import { deviceCount } from '../domain/cluster.ts';
import { devicesOf } from '../domain/plan.ts';
import type { Workload } from '../domain/workload.ts';
import { layersMeasured } from '../evaluate/measured/unmeasured.ts';
import { keptFree } from '../evaluate/memory/limit-words.ts';
import { arithmetic } from '../plan-text/degrees.ts';
import { optimizerWords } from '../plan-text/optimizer-text.ts';
import type { CompareDocument } from '../schema/compare.ts';
import { digits, formatInteger, formatPercent, formatSeconds } from '../units/format.ts';
import { wrap } from '../units/wrap.ts';
import { calibrationNotes, cutNotes, cutOf, failureNotes, steadyNotes } from './compare-notes.ts';
import { othersBlock, paidWords } from './compare-plans.ts';
import { type Compared, tokensPerSecondOf } from './compared.ts';
import { worthJson, worthLines } from './group-worth.ts';
import { outlookJson } from './outlook.ts';
import { packingWords } from './packing.ts';
import { fitting, grid, painter, type Style } from './paint.ts';
import { type AskedBill, type PurchaseBlock, purchaseBlock, purchaseJson } from './purchase.ts';
import { fastestJson, ROWS } from './rank-words.ts';
import { rankedJson } from './ranked-json.ts';
import { trainingJson } from './training.ts';
import { millionWords, perSecond, sequenceWords, unitOf } from './unit.ts';

interface Line {
  readonly compared: Compared;
  readonly tokensPerSecond: number | null;
  readonly ratio: number | null;
  readonly tied: boolean;
  readonly dollarsPerMillionTokens: number | null;
}

/** Each cluster beside the first. Two clusters whose figures lie within each other's bands are ties. */
export function comparedLines(all: readonly Compared[]): Line[] {
  const first = all[0]!.result.plans[0];
  return all.map((compared) => {
    const best = compared.result.plans[0];
    const tokens = tokensPerSecondOf(compared);
    const base = tokensPerSecondOf(all[0]!);
    const ratio = tokens === null || base === null ? null : tokens / base;
    const band =
      best === undefined || first === undefined ? 0 : Math.max(best.estimate.band, first.estimate.band);
    const dollars = compared.dollarsPerHour;
    return {
      compared,
      tokensPerSecond: tokens,
      ratio,
      tied: compared !== all[0] && ratio !== null && Math.abs(Math.log(ratio)) <= Math.log(1 + band),
      dollarsPerMillionTokens: tokens === null || dollars === null ? null : dollars / 3600 / (tokens / 1e6),
    };
  });
}

export function compareDocument(
  all: readonly Compared[],
  toolVersion: string,
  asked: AskedBill | null = null,
): CompareDocument {
  const { model, workload } = all[0]!.problem;
  return {
    schema: 'shardwright.compare/1',
    toolVersion,
    problem: {
      model: model.name,
      sequenceLength: workload.sequenceLength,
      globalBatchSize: workload.globalBatchSize,
      precision: workload.precision,
      optimizer: workload.optimizer,
      ...(workload.optimizerOptions === undefined ? {} : { optimizerOptions: workload.optimizerOptions }),
      training: trainingJson(model),
    },
    clusters: comparedLines(all).map(lineJson),
    ...(asked === null ? {} : { purchase: purchaseJson(all, asked) }),
  };
}

function lineJson({
  compared,
  tokensPerSecond,
  ratio,
  tied,
  dollarsPerMillionTokens,
}: Line): CompareDocument['clusters'][number] {
  const { problem, result, dollarsPerHour, outlook } = compared;
  const best = result.plans[0];
  return {
    cluster: problem.cluster.name,
    gpus: deviceCount(problem.cluster),
    best:
      best === undefined
        ? null
        : {
            ...rankedJson(problem, best),
            ...(outlook === null ? {} : { outlook: outlookJson(problem.model, outlook) }),
          },
    reason: best === undefined ? (result.certificate.rejected[0]?.example.reason ?? null) : null,
    ...perSecond(problem.model, tokensPerSecond),
    ratioToFirst: ratio,
    tiedWithFirst: tied,
    dollarsPerHour,
    ...(problem.model.unit === undefined
      ? { dollarsPerMillionTokens }
      : { dollarsPerMillionSamples: dollarsPerMillionTokens }),
    cut: cutOf(compared),
    ...(compared.steady === undefined ? {} : { fastest: fastestJson(problem, compared.steady.fastest) }),
    ...(result.plans.length < 2
      ? {}
      : { others: result.plans.slice(1).map((one) => rankedJson(problem, one)) }),
    ...((compared.worths ?? []).length === 0 ? {} : { groups: worthJson(compared) }),
  };
}

export function compareTable(all: readonly Compared[], style: Style, asked: AskedBill | null = null): string {
  const { model, workload } = all[0]!.problem;
  const failing = all.some(({ outlook }) => outlook !== null);
  const rows = comparedLines(all).map(
    ({ compared, tokensPerSecond, ratio, tied, dollarsPerMillionTokens }) => {
      const best = compared.result.plans[0];
      const { cluster } = compared.problem;
      const { outlook } = compared;
      if (best === undefined)
        return [
          cluster.name,
          `${deviceCount(cluster)}`,
          cutOf(compared) === null ? 'nothing fits' : 'nothing found',
          '',
          '',
          '',
          '',
          ...(failing ? [''] : []),
        ];
      return [
        cluster.name,
        `${devicesOf(best.plan)}/${deviceCount(cluster)}`,
        formatSeconds(best.estimate.stepSeconds),
        ...(outlook === null ? [] : [formatPercent(outlook.goodput)]),
        formatInteger(tokensPerSecond!),
        ratio === null ? '?' : `${digits(ratio)}×${tied ? ' tie' : ''}`,
        dollarsPerMillionTokens === null ? '?' : `$${digits(dollarsPerMillionTokens)}`,
        arithmetic(best.plan),
      ];
    },
  );
  const head = [
    'cluster',
    'GPUs',
    'step',
    ...(failing ? ['goodput'] : []),
    `${unitOf(model)}/s`,
    'vs first',
    millionWords(model),
    'best plan',
  ];
  const figures = [1, 2, 3, 4, 5, ...(failing ? [6] : [])];
  const brief = grid(
    head.slice(0, -1),
    rows.map((row) => row.slice(0, -1)),
    figures,
  );
  const optimizer = optimizerWords(workload);
  const bands = all.map(({ result }) => result.plans[0]?.estimate.band ?? 0);
  const listed = all.some(({ prices }) => prices.some(({ source }) => source === 'list'));
  const note = `A tie is closer than the model can tell (±${formatPercent(Math.max(...bands))}). ${listed ? 'Prices: list prices of the GPU profiles unless given. ' : ''}${paidWords(all)}`;
  const purchase = asked === null ? null : purchaseBlock(all, asked);
  const wrapped = (lines: readonly string[]) => lines.map((line) => wrap(line, style.columns)).join('\n');
  return [
    painter(style).bold(
      wrap(
        `${model.name}, ${sequenceWords(model, `${workload.sequenceLength}${packingWords(workload)}`)}batch ${workload.globalBatchSize}, ${workload.precision}${optimizer === null ? '' : `, ${optimizer}`}${limitOf(workload)}`,
        style.columns,
      ),
    ),
    '',
    style.columns < 120 ? brief : fitting(style.columns, grid(head, rows, figures), brief),
    '',
    ...othersBlock(all, style),
    ...(purchase === null ? [] : [billGrid(purchase, style), '']),
    wrapped([
      note,
      ...calibrationNotes(all),
      ...cutNotes(all),
      ...failureNotes(all),
      ...unlikeWords(all),
      ...worthLines(all),
      ...steadyNotes(all),
      ROWS[all[0]!.rank],
      ...(asked === null ? [] : rentNotes(all)),
    ]),
    ...(purchase === null ? [] : ['', wrapped(purchase.lines)]),
    '',
  ].join('\n');
}

/** What plans may not use of a GPU, where it is not the usual share alone. */
function limitOf(workload: Workload): string {
  const { headroomBytes, reservedBytes } = workload;
  return headroomBytes === undefined && reservedBytes === undefined ? '' : `, ${keptFree(workload)}`;
}

/** GPUs and error stand elsewhere too: they go where the page is narrow. */
function billGrid({ head, rows }: PurchaseBlock, { columns }: Style): string {
  const brief = (cells: readonly string[]) => cells.filter((_, i) => i !== 1 && i !== 6);
  return fitting(
    columns,
    grid(head, rows, [1, 2, 3, 4, 5, 6]),
    grid(brief(head), rows.map(brief), [1, 2, 3, 4]),
  );
}

/** What the days and dollars of a bill leave out. */
function rentNotes(all: readonly Compared[]): string[] {
  return [
    all.some(({ outlook }) => outlook === null)
      ? 'Days are those of a run that nothing interrupts: --mtbf usual counts failures and checkpoints.'
      : 'Spare hosts beside the cluster are not in the dollars.',
  ];
}

/** Clusters whose layers are estimates beside others whose layers were measured. */
function unlikeWords(all: readonly Compared[]): string[] {
  const measured = ({ problem, result: { plans } }: Compared) =>
    plans[0] === undefined || layersMeasured(problem, plans[0].plan);
  const estimated = all.filter((one) => !measured(one));
  const { layerProfile } = all[0]!.problem;
  if (layerProfile === undefined || estimated.length === 0 || estimated.length === all.length) return [];
  const names = estimated.map(({ problem }) => problem.cluster.name);
  return [
    `Estimated beside measured: ${layerProfile.name} has no layers of what ${names.join(', ')} ${names.length > 1 ? 'use' : 'uses'}; their ratios hold as far as estimates do.`,
  ];
}
