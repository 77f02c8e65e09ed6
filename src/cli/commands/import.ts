import { lstatSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
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

const MAX_BYTES = 64 * 2 ** 20;

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
    .option('--out <FILE>', 'write there instead of printing')
    .option('--force', 'replace a file that exists')
    .action((files: string[], flags: Record<string, unknown>) => {
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
      else write(String(flags.out), text, flags.force === true);
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

function textOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) throw new InputError({ message: `no file ${file}`, expected: 'a text file' });
  if (!stat.isFile()) throw new InputError({ message: `${file} is no file`, expected: 'a text file' });
  if (stat.size > MAX_BYTES) {
    throw new InputError({
      message: `${file} has ${(stat.size / 2 ** 20).toFixed(0)} MiB`,
      expected: `at most ${MAX_BYTES / 2 ** 20} MiB`,
      hint: 'Maybe the log of a whole job: keep the lines that the tool printed.',
    });
  }
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new InputError({ message: `${file} cannot be read`, expected: 'a text file' });
  }
}

function write(path: string, text: string, force: boolean): void {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there?.isDirectory() === true)
    throw new InputError({ message: `${path} is a folder`, expected: 'a file to write' });
  if (there !== undefined && !force)
    throw new InputError({ message: `${path} exists`, expected: 'a new file', hint: 'Maybe --force.' });
  try {
    writeFileSync(path, text);
  } catch {
    throw new InputError({
      message: `${path} cannot be written`,
      expected: `a file in a folder that exists and may be written to, unlike ${dirname(path)}`,
    });
  }
}
