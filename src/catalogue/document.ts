import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { DocumentSchema } from '../document/document-schema.ts';
import { check } from '../document/validator.ts';
import { InputError } from '../domain/input-error.ts';
import { alike, maybe, nearest } from '../units/nearest.ts';
import { dataFolder } from './data-folder.ts';
import { type Document, empty, parseDocument } from './parse-document.ts';

export type { Document } from './parse-document.ts';

const MAX_BYTES = 8 * 2 ** 20;

/** Reads YAML or JSON. Every failure is an InputError that says where and what was expected. */
export function readDocument(path: string): Document {
  const text = readText(path);
  return parseDocument(path, text);
}

/** Whether the value is a mapping, of keys yet unknown. */
export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Checks a document against a schema; the first violation becomes the error, the others are listed after it. */
export function validateDocument<T>(document: Document, schema: DocumentSchema<T>): T {
  refuseOtherKind(document, schema.$id);
  const checked = check(schema, document.value);
  if (checked.ok) return checked.value;
  const [first, ...others] = checked.violations;
  const also = others.map((v) => `also at line ${document.locate(v.pointer).line}: ${v.message}`);
  const hint = [first.hint, ...also].filter((x) => x !== undefined).join('\n  ');
  throw new InputError({
    message: first.message,
    at: document.locate(first.pointer),
    ...(first.expected === undefined ? {} : { expected: first.expected }),
    ...(hint === '' ? {} : { hint }),
  });
}

/** A file of one kind given for another is said to be that, not taken apart key by key. */
function refuseOtherKind({ value, locate }: Document, wanted: string): void {
  const stated = isMapping(value) ? value.schema : undefined;
  if (typeof stated !== 'string' || stated === wanted || !/^shardwright\.[a-z-]+\/\d+$/.test(stated)) return;
  const [kind, asked] = [stated, wanted].map((id) => /\.([a-z-]+)\//.exec(id)![1]!) as [string, string];
  if (kind === asked) return;
  const pair = [kind, asked].every((one) => one === 'model' || one === 'cluster');
  throw new InputError({
    message: `the file is a ${kind}, not a ${asked}`,
    expected: `a ${asked} file: schema: ${wanted}`,
    ...(pair
      ? { hint: 'Maybe the two are swapped: a command takes the model first, then the cluster.' }
      : {}),
    at: locate('/schema'),
  });
}

/** Throws InputError where it is missing, too large, empty or not UTF-8 text. */
export function readText(path: string, what = 'a YAML or JSON file'): string {
  if (!existsSync(path)) {
    const folder = dirname(path);
    const names = existsSync(folder) && statSync(folder).isDirectory() ? readdirSync(folder) : [];
    const near = nearest(
      basename(path),
      names.filter((name) => name !== basename(path)),
    );
    throw new InputError({
      message: `no file ${path}`,
      expected: what,
      ...(near === undefined ? {} : { hint: `Maybe ${join(folder, near)}.` }),
    });
  }
  const stat = statSync(path);
  if (stat.isDirectory())
    throw new InputError({
      message: `${path} is a directory`,
      expected: what,
      ...insideOf(path),
    });
  // Endless, or another program's: a pipe ends when its writer does.
  if (!stat.isFile() && !stat.isFIFO())
    throw new InputError({ message: `${path} is a device`, expected: what });
  if (stat.size > MAX_BYTES) throw tooLarge(path, (stat.size / 2 ** 20).toFixed(0));
  const bytes = stat.isFIFO() ? fromPipe(path) : readFileSync(path);
  if (bytes.length === 0) throw empty(path, what);
  const text = bytes.toString('utf8');
  if (bytes.includes(0) || text.includes('\uFFFD')) {
    throw new InputError({ message: `${path} is a binary file`, expected: `UTF-8 text: ${what}` });
  }
  if (text.trim() === '') throw empty(path, what);
  return text;
}

function tooLarge(path: string, mebibytes: string): InputError {
  return new InputError({
    message: `${path} has ${mebibytes} MiB`,
    expected: `at most ${MAX_BYTES / 2 ** 20} MiB`,
    hint: 'Maybe this is a checkpoint or a log, not a configuration.',
  });
}

/** What comes out of a pipe, read no further than a file may be large. */
function fromPipe(path: string): Buffer {
  const bytes = Buffer.alloc(MAX_BYTES + 1);
  const pipe = openSync(path, 'r');
  try {
    for (let end = 0; ; ) {
      const read = readSync(pipe, bytes, end, bytes.length - end, null);
      if (read === 0) return bytes.subarray(0, end);
      end += read;
      if (end > MAX_BYTES) throw tooLarge(path, `more than ${MAX_BYTES / 2 ** 20}`);
    }
  } finally {
    closeSync(pipe);
  }
}

/** A file of a folder that can be read, by name. */
function insideOf(path: string): { readonly hint?: string } {
  const names = readdirSync(path).sort();
  const name =
    names.find((one) => one === 'config.json') ?? names.find((one) => /\.(json|ya?ml)$/i.test(one));
  return name === undefined ? {} : { hint: `Maybe a file inside it, such as ${join(path, name)}.` };
}

/** Names (without extension) of the YAML files in a data folder, sorted. */
export function listNames(folder: string): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length))
    .sort();
}

/** Commands that print the names of a kind. */
const LISTED: Readonly<Record<string, string>> = {
  model: 'shardwright model list',
  cluster: 'shardwright cluster list',
  GPU: 'shardwright gpu list',
  link: 'shardwright link list',
  stack: 'shardwright stack list',
};

/** What stands beside it on a command line. */
const OTHER_KINDS: Readonly<Record<string, { readonly kind: string; readonly folder: string }>> = {
  model: { kind: 'cluster', folder: dataFolder('configs', 'clusters') },
  cluster: { kind: 'model', folder: dataFolder('configs', 'models') },
};

/** Finds a bundled file by name; an unknown name lists its nearest neighbours. */
export function bundled(kind: string, folder: string, name: string): string {
  const names = listNames(folder);
  const found = names.find((known) => known.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return join(folder, `${found}.yaml`);
  const other = OTHER_KINDS[kind];
  const swapped = other !== undefined && listNames(other.folder).includes(name.toLowerCase());
  const hint = swapped
    ? `Maybe ${name} as the ${other.kind}: a command takes the model first, then the cluster.`
    : maybe(alike(name, names));
  throw new InputError({
    message: `unknown ${kind} "${name}"`,
    expected:
      kind in LISTED
        ? `a path, or one of ${names.length} bundled names (${LISTED[kind]})`
        : `one of ${names.join(', ')}, or a path`,
    ...(hint === undefined ? {} : { hint }),
  });
}
