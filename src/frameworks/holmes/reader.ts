import { InputError } from '../../domain/input-error.ts';
import { MEGATRON_FILE_RULES } from '../megatron/file-rules.ts';
import { readRuns } from '../megatron/read-runs.ts';
import { readRun } from '../megatron/reader.ts';
import type { MegatronRun } from '../megatron/run.ts';
import type { LaunchReader, ReadFile, Source } from '../port/reader.ts';
import { broken } from '../reading/file-rule.ts';
import { HOLMES_RULES, type Networks } from './file-rules.ts';
import { NETWORKS } from './networks.ts';
import { layersIn, splitOf, withLayout } from './split.ts';

/** Megatron-LM's arguments with Holmes's own, and `config.json` beside them. Without `--hetero-mode pp` its law is Megatron-LM's. */
export const holmesReader: LaunchReader = {
  file: 'arguments.txt',
  rules: [...HOLMES_RULES, ...MEGATRON_FILE_RULES],
  read(source) {
    return readRuns(source, (run) => readHolmes(run, source));
  },
};

function readHolmes(run: MegatronRun, source: Source): ReadFile {
  // Models of before Megatron Core have one loss, whatever is said: its stack's.
  const lossOf = () => ({});
  const dialect = { rules: MEGATRON_FILE_RULES, nameOf: (flag: string) => flag, lossOf };
  if (run.word('--hetero-mode') === 'dp')
    throw new InputError({
      message: '--hetero-mode dp',
      expected: '--hetero-mode pp: micro-batches of unlike size in one stage are no plan',
      at: { file: run.file, line: run.line('--hetero-mode') },
    });
  if (!run.has('--hetero-mode')) return readRun(run, dialect);
  const networks = { entries: networksBeside(source) };
  const cut = splitOf(run);
  return {
    asked(gpus) {
      const asked = readRun(withLayout(run), dialect).asked(gpus);
      // Its stack overlaps nothing, and it cannot be told to.
      const { 'dp-overlap': _, ...configuration } = asked.configuration;
      return { ...asked, configuration };
    },
    violations(gpus) {
      const own = broken(HOLMES_RULES, run, networks, (flag) => run.line(flag));
      const meant = layersIn(cut).length === (run.count('--pipeline-model-parallel-size') ?? 1);
      return [...own, ...readRun(meant ? withLayout(run) : run, dialect).violations(gpus)];
    },
  };
}

function networksBeside({ beside }: Source): Networks['entries'] {
  const text = beside?.(NETWORKS) ?? null;
  if (text === null) return null;
  try {
    const value = JSON.parse(text) as unknown;
    const isEntry = (entry: unknown) => typeof entry === 'object' && entry !== null;
    if (Array.isArray(value) && value.every(isEntry)) return value as Readonly<Record<string, unknown>>[];
  } catch {
    // Said below.
  }
  throw new InputError({
    message: `${NETWORKS} is no list of networks`,
    expected: 'a JSON list of objects, each with a CLUSTER_NAME',
    at: { file: NETWORKS },
  });
}
