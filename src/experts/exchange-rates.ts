/** What a library of exchanges reached where it was measured: bytes/s of the link that holds it up, of one GPU. */
interface MeasuredRate {
  readonly library: 'deepep' | 'deepep-v2' | 'hybridep';
  readonly gpus: string;
  /** Ranks of the exchange, and scale-up domains that they stand in. */
  readonly ranks: number;
  readonly domains: number;
  /** Multiprocessors that it takes from compute. */
  readonly multiprocessors: number;
  readonly dispatchFormat: 'fp8' | 'bf16';
  readonly dispatch: number;
  readonly combine: number;
}

const GB = 1e9;

const row = (
  [library, gpus, dispatchFormat]: readonly [MeasuredRate['library'], string, MeasuredRate['dispatchFormat']],
  [ranks, domains]: readonly [number, number],
  multiprocessors: number,
  [dispatch, combine]: readonly [number, number],
): MeasuredRate => ({
  ...{ library, gpus, dispatchFormat, ranks, domains, multiprocessors },
  dispatch: dispatch * GB,
  combine: combine * GB,
});

const V1 = ['deepep', 'H800', 'fp8'] as const;
const V2_SM90 = ['deepep-v2', 'SM90', 'fp8'] as const;
const V2_SM100 = ['deepep-v2', 'SM100', 'fp8'] as const;
const HYBRID = ['hybridep', 'H100', 'fp8'] as const;
const GB200 = ['hybridep', 'GB200', 'bf16'] as const;

/**
 * Of 4,096 tokens of 7,168 elements to 8 experts each: READMEs of deepseek-ai/DeepEP@dd758ca, branches main and hybrid-ep. Rates of V2
 * over several domains count what stays inside as well.
 */
const MEASURED_RATES: readonly MeasuredRate[] = [
  row(V1, [8, 1], 24, [153, 158]),
  row(V1, [16, 2], 24, [43, 43]),
  row(V1, [32, 4], 24, [58, 57]),
  row(V1, [64, 8], 24, [51, 50]),
  row(V2_SM90, [16, 2], 12, [90, 81]),
  row(V2_SM90, [32, 4], 6, [61, 61]),
  row(V2_SM100, [8, 1], 24, [643, 675]),
  row(V2_SM100, [8, 1], 64, [726, 740]),
  row(HYBRID, [16, 2], 4, [28.1, 42.5]),
  row(HYBRID, [16, 2], 8, [44.9, 57]),
  row(HYBRID, [16, 2], 16, [48.3, 53.4]),
  row(HYBRID, [32, 4], 4, [32.6, 43.6]),
  row(HYBRID, [32, 4], 8, [41.2, 50.7]),
  row(HYBRID, [32, 4], 16, [42.1, 52.5]),
  row(HYBRID, [64, 8], 4, [30.4, 41]),
  row(HYBRID, [64, 8], 8, [35.7, 47.7]),
  row(HYBRID, [64, 8], 16, [35, 46.6]),
  row(GB200, [8, 1], 16, [550, 538]),
  row(GB200, [36, 1], 16, [470, 418]),
];

/** One exchange there and back as it would go on GPUs that a library was measured on. */
export interface ExchangeTime {
  readonly library: string;
  readonly gpus: string;
  readonly multiprocessors: number;
  readonly dispatchSeconds: number;
  readonly combineSeconds: number;
}

/**
 * For each library and kind of GPU, at each number of multiprocessors it was measured with: rates between two sizes of the exchange go with
 * the logarithm of the ranks, beyond those measured they stay. A token is sent once to each domain that needs it, inside one once to each
 * rank; combining is in 16 bits.
 */
export function exchangeTimes(
  { tokens, topK, hidden }: { readonly tokens: number; readonly topK: number; readonly hidden: number },
  { ranks, domains }: { readonly ranks: number; readonly domains: number },
): ExchangeTime[] {
  const places = domains > 1 ? domains : ranks;
  // Of K among so many places the expected number of distinct ones.
  const sent = tokens * places * (1 - (1 - 1 / places) ** topK) * hidden;
  const alike = MEASURED_RATES.filter((one) => one.domains > 1 === domains > 1);
  const of = (a: MeasuredRate) => `${a.library}|${a.gpus}|${a.multiprocessors}`;
  const lines = [...new Set(alike.map(of))].map((key) => alike.filter((one) => of(one) === key));
  return lines.map((line) => {
    const { library, gpus, multiprocessors, dispatchFormat } = line[0]!;
    // A scale for each 128 elements in fp8.
    const width = dispatchFormat === 'fp8' ? 1 + 4 / 128 : 2;
    const rate = (of: 'dispatch' | 'combine') => between(line, ranks, of);
    return {
      ...{ library, gpus, multiprocessors },
      dispatchSeconds: (sent * width) / rate('dispatch'),
      combineSeconds: (sent * 2) / rate('combine'),
    };
  });
}

function between(line: readonly MeasuredRate[], ranks: number, of: 'dispatch' | 'combine'): number {
  const sorted = [...line].sort((a, b) => a.ranks - b.ranks);
  const above = sorted.find((one) => one.ranks >= ranks) ?? sorted.at(-1)!;
  const below = sorted.findLast((one) => one.ranks <= ranks) ?? sorted[0]!;
  if (above === below || above.ranks <= below.ranks) return above[of];
  const share = Math.log(ranks / below.ranks) / Math.log(above.ranks / below.ranks);
  return below[of] + share * (above[of] - below[of]);
}
