import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { listGpus } from '../../catalogue/gpus.ts';
import { InputError } from '../../domain/input-error.ts';
import { readFacts } from '../../importers/index.ts';
import { merged } from '../../importers/merge.ts';
import { PROBE_SCRIPT } from '../../importers/probe-script.ts';
import { renderCluster } from '../../importers/render.ts';
import { nearest } from '../../schema/validator.ts';
import { EXIT, type Io } from '../io.ts';

/** `cluster import` and `cluster probe-script`. */
export function importCommands(command: Command, io: Io, done: (code: number) => void): void {
  command
    .command('import')
    .description('a commented cluster file from what tools on a cluster print, in any mix')
    .argument(
      '<files...>',
      'outputs of nvidia-smi, rocm-smi, nccl-tests, OSU, mpiGraph, Slurm; Zorse and HexiScale files',
    )
    .option('--name <NAME>', 'name of the cluster (default imported)')
    .option('--out <FILE>', 'write there instead of printing')
    .option('--force', 'replace a file that exists')
    .action((files: string[], flags: Record<string, unknown>) => {
      const gpus = listGpus();
      const facts = files.map((file) => readFacts(textOf(file), basename(file)));
      const draft = merged(
        facts,
        { ids: gpus, nearest: (name) => nearest(name, gpus) },
        String(flags.name ?? 'imported'),
      );
      const text = renderCluster(draft);
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

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new InputError({ message: `${file} cannot be read`, expected: 'a text file' });
  }
}

function write(path: string, text: string, force: boolean): void {
  if (existsSync(path) && !force)
    throw new InputError({ message: `${path} exists`, expected: 'a new file', hint: 'Maybe --force.' });
  writeFileSync(path, text);
}
