import { readFileSync } from 'node:fs';
import { InputError } from '../domain/input-error.ts';
import { configurationOf, type FromFile, type MegatronRun, readMegatron } from '../launch-files/megatron.ts';
import { nearest } from '../schema/validator.ts';

const READABLE = ['megatron'];

/** A launch file of a launcher whose files can be read. */
export function launchFile(path: string, launcher: string | undefined): MegatronRun {
  if (launcher === undefined || !READABLE.includes(launcher)) {
    const near = launcher === undefined ? undefined : nearest(launcher, READABLE);
    throw new InputError({
      message: launcher === undefined ? '--for is missing' : `--for is "${launcher}"`,
      expected: `one of ${READABLE.join(', ')}`,
      ...(near === undefined ? {} : { hint: `Maybe "${near}".` }),
    });
  }
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    throw new InputError({ message: `${path} cannot be read`, expected: 'a launch file' });
  }
  if (text.trim() === '') throw new InputError({ message: `${path} is empty`, expected: 'a launch file' });
  return readMegatron(text, path);
}

/** The file's configuration as `--config` writes it, with what the command line says on top. */
export function combined(
  path: string,
  launcher: string | undefined,
  over: string,
): FromFile & { readonly text: string } {
  const found = configurationOf(launchFile(path, launcher));
  const given = Object.fromEntries(
    over
      .split(',')
      .filter((token) => token.includes('='))
      .map((token) => [token.split('=')[0]!.trim(), token]),
  );
  const kept = Object.entries(found.configuration)
    .filter(([key]) => given[key] === undefined)
    .map(([key, value]) => `${key}=${value}`);
  return { ...found, text: [...kept, ...Object.values(given)].join(',') };
}
