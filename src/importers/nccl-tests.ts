import { InputError } from '../domain/input-error.ts';
import { type CurveFact, type Facts, type Importer, linesOf, nothing } from './facts.ts';
import { alphaBeta } from './line-fit.ts';

/** nccl-tests as text: out-of-place times by size; the average line and the environment are not used. */
export const ncclText: Importer = {
  format: 'nccl-tests',
  recognises: (text) => /# nccl-tests version|#\s+size\s+count\s+type/.test(text),
  read(text, file): Facts {
    const lines = linesOf(text);
    const test =
      /Collective test starting: (\w+)_perf/.exec(text)?.[1] ??
      /nccl-tests\/build\/(\w+)_perf/.exec(text)?.[1] ??
      'unknown';
    const devices = lines.flatMap((line) => {
      const match = /^#\s+Rank\s+\d+.*\bon\s+(\S+)\s+device/.exec(line);
      return match === null ? [] : [match[1]!];
    });
    const points: { bytes: number; seconds: number }[] = [];
    let first = 0;
    for (const [i, line] of lines.entries()) {
      const cells = line.trim().split(/\s+/);
      if (!/^\d+$/.test(cells[0] ?? '') || cells.length < 8) continue;
      const seconds = Number(cells[5]) * 1e-6;
      if (!(seconds > 0)) {
        throw new InputError({
          message: `time "${cells[5]}" of size ${cells[0]}`,
          expected: 'microseconds above zero',
          at: { file, line: i + 1 },
        });
      }
      if (first === 0) first = i + 1;
      points.push({ bytes: Number(cells[0]), seconds });
    }
    const gpu = /^#\s+Rank\s+\d+.*\[[0-9a-f:]+\]\s+(.+?)\s*$/im.exec(text)?.[1] ?? null;
    return facts(this.format, file, test, gpu, devices.length, new Set(devices).size, points, first);
  },
};

interface NcclJson {
  readonly args?: readonly string[];
  readonly config?: {
    readonly devices?: readonly { readonly hostname?: string; readonly device_info?: string }[];
  };
  readonly results?: readonly { readonly size: number; readonly out_of_place?: { readonly time: number } }[];
}

/** nccl-tests -J. */
export const ncclJson: Importer = {
  format: 'nccl-tests --json',
  recognises: (text) => /^\s*\{/.test(text) && /"out_of_place"/.test(text),
  read(text, file): Facts {
    const { args = [], config, results = [] } = JSON.parse(text) as NcclJson;
    const test = /(\w+)_perf$/.exec(args[0] ?? '')?.[1] ?? 'unknown';
    const local = args.indexOf('-g') >= 0 ? Number(args[args.indexOf('-g') + 1]) : 1;
    const devices = config?.devices ?? [];
    const points = results.flatMap(({ size, out_of_place: one }) =>
      one === undefined ? [] : [{ bytes: size, seconds: one.time * 1e-6 }],
    );
    const hosts = new Set(devices.map((device) => device.hostname)).size;
    const gpu = devices[0]?.device_info ?? null;
    return facts(
      this.format,
      file,
      test,
      gpu,
      Math.max(devices.length, local),
      Math.max(1, hosts),
      points,
      1,
    );
  },
};

function facts(
  format: string,
  file: string,
  test: string,
  gpuName: string | null,
  ranks: number,
  hosts: number,
  points: readonly { readonly bytes: number; readonly seconds: number }[],
  line: number,
): Facts {
  const line_ = alphaBeta(points);
  if (line_ === null) {
    throw new InputError({
      message: `${points.length} sizes with a time that grows with them`,
      expected: 'at least two, small and large',
      hint: 'Maybe run with -b 8 -e 2G -f 4.',
      at: { file, line: Math.max(1, line) },
    });
  }
  const curve: CurveFact = {
    test,
    gpuName,
    ranks,
    hosts,
    ...line_,
    where: { file, line: Math.max(1, line) },
  };
  return { ...nothing(format), curves: [curve] };
}
