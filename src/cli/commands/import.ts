import { basename } from 'node:path';
import type { Command } from 'commander';
import { clusterFromText } from '../../catalogue/clusters.ts';
import { listGpus, loadGpu } from '../../catalogue/gpus.ts';
import { loadLink } from '../../catalogue/links.ts';
import { formatProblem, InputError } from '../../domain/input-error.ts';
import { merged } from '../../importers/draft/merge.ts';
import { renderCluster } from '../../importers/draft/render.ts';
import { readFiles } from '../../importers/formats/read-files.ts';
import { PROBE_SCRIPT } from '../../importers/probe-script.ts';
import { nearest } from '../../units/nearest.ts';
import { EXIT, fitted, type Io } from '../io.ts';
import { refuseTooMuch, textOf, writeText } from '../text-file.ts';

/** `cluster import` and `cluster probe-script`. */
export function importCommands(command: Command, io: Io, done: (code: number) => void): void {
  command
    .command('import')
    .description('a commented cluster file from what tools on a cluster print, in any mix')
    .argument(
      '<files...>',
      'outputs of nvidia-smi, rocm-smi, amd-smi, ibstat, nccl-tests, OSU, mpiGraph, Slurm, kubectl; Zorse and HexiScale files',
    )
    .option('--name <NAME>', 'name of the cluster (default imported)')
    .option('--out <FILE>', 'write there instead of printing, making the folders above')
    .option('--force', 'replace a file that exists')
    .action((files: string[], flags: Record<string, unknown>) => {
      refuseTooMuch(files);
      const gpus = listGpus();
      const { facts, left } = readFiles(
        files.map((file) => ({ name: basename(file), text: () => textOf(file) })),
      );
      for (const { problem } of left)
        io.stderr(`${fitted(`Left out: ${formatProblem(problem)}`, io.errorColumns)}\n`);
      const draft = merged(
        facts,
        {
          ids: gpus,
          nearest: (name) => nearest(name, gpus),
          memoryMiB: (id) => loadGpu(id).memoryBytes / 2 ** 20,
        },
        String(flags.name ?? 'imported'),
        loadLink,
      );
      const text = renderCluster(draft);
      checked(text);
      if (flags.out === undefined) io.stdout(text);
      else writeText(String(flags.out), text, flags.force === true);
      done(EXIT.ok);
    });
  command
    .command('probe-script')
    .description('a shell script that collects on a cluster what import reads')
    .action(() => {
      io.stdout(PROBE_SCRIPT);
      done(EXIT.ok);
    });
}

/** Nothing is written that `cluster show` would refuse. */
function checked(text: string): void {
  try {
    clusterFromText(text, 'the imported cluster');
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const { message, expected } = error.problem;
    throw new InputError({
      message: `what the files say makes no cluster that loads: ${message}`,
      ...(expected === undefined ? {} : { expected }),
      hint: 'Maybe import fewer files at once, and join the groups by hand.',
    });
  }
}
