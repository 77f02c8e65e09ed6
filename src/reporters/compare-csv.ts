import type { CompareDocument } from '../schema/compare.ts';

const COLUMNS = [
  ...['cluster', 'gpus', 'gpusInUse', 'stepTimeSeconds', 'tokensPerSecond', 'ratioToFirst', 'tiedWithFirst'],
  ...['dollarsPerHour', 'dollarsPerMillionTokens', 'errorBand', 'configuration'],
] as const;

/** Of models without sequences. */
const SAMPLES: Readonly<Record<string, string>> = {
  tokensPerSecond: 'samplesPerSecond',
  dollarsPerMillionTokens: 'dollarsPerMillionSamples',
};
const BILL = [
  ...['days', 'dollars', 'dollarsPerBillionTokens', 'megawattHours', 'goodput', 'tiedWithCheapest'],
  ...['dominatedBy', 'keepsLimits', 'weakestProvenance'],
] as const;

type Cell = string | number | boolean | null | undefined;

/**
 * The document of compare quoted as RFC 4180 has it, lines as everywhere else: one for each plan, nothing where nothing is known; ratios,
 * dollars and bills are of the first plan of each cluster. Units are those of the document.
 */
export function compareCsv({ clusters, purchase }: CompareDocument): string {
  const counted = clusters.some((row) => 'samplesPerSecond' in row);
  const named = COLUMNS.map((column) => (counted ? (SAMPLES[column] ?? column) : column));
  const head = [...named, ...(purchase === undefined ? [] : BILL), 'rank'];
  // Those on which a plan runs have an offer each, in their order: names may stand twice.
  const running = clusters.filter(({ best }) => best !== null);
  const rows = clusters.flatMap((row): Cell[][] => {
    const { best, others = [] } = row;
    const offer = purchase?.offers[running.indexOf(row)];
    const first = [
      ...[
        row.cluster,
        row.gpus,
        inUse(best),
        best?.stepTimeSeconds,
        row.tokensPerSecond ?? row.samplesPerSecond,
      ],
      ...[
        row.ratioToFirst,
        row.tiedWithFirst,
        row.dollarsPerHour,
        row.dollarsPerMillionTokens ?? row.dollarsPerMillionSamples,
      ],
      ...[best?.errorBand, best?.configuration],
      ...(purchase === undefined ? [] : BILL.map((key) => offer?.[key])),
      best?.rank,
    ];
    const after = others.map((one) => [
      ...[
        row.cluster,
        row.gpus,
        inUse(one),
        one.stepTimeSeconds,
        one.tokensPerSecond ?? one.samplesPerSecond,
      ],
      ...[null, null, null, null, one.errorBand, one.configuration],
      ...(purchase === undefined ? [] : BILL.map(() => null)),
      one.rank,
    ]);
    return [first, ...after];
  });
  return `${[head, ...rows].map((cells) => cells.map(quoted).join(',')).join('\n')}\n`;
}

function inUse(best: CompareDocument['clusters'][number]['best']): number | null {
  return best === null ? null : best.stages.reduce((sum, { devices }) => sum + devices, 0);
}

function quoted(cell: Cell): string {
  const text = cell === null || cell === undefined ? '' : `${cell}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
