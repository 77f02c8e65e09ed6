import { InputError, type Location } from '../domain/input-error.ts';
import { DECIDED, SBATCH_OPTIONS, WHOLE_JOB } from '../domain/sbatch.ts';
import { nearest } from '../units/nearest.ts';

/** What people call options of sbatch. */
const MEANT: Readonly<Record<string, string>> = {
  cpus: 'cpus-per-task',
  memory: 'mem',
  gpu: 'gpus-per-node',
  'gpu-type': 'gpus-per-node',
  name: 'job-name',
  walltime: 'time',
  features: 'constraint',
};

/** Forms that sbatch takes (man sbatch); what stands in no row is any text. */
const FORMS: readonly {
  readonly of: readonly string[];
  readonly form: RegExp;
  readonly expected: string;
}[] = [
  {
    of: ['time', 'time-min'],
    form: /^(\d+(:\d{1,2}){0,2}|\d+-\d{1,2}(:\d{1,2}){0,2}|infinite|unlimited)$/i,
    expected: 'minutes, 24:00:00, 1-00:00 or 1-00:00:00',
  },
  {
    of: ['mem', 'mem-per-cpu', 'mem-per-gpu', 'tmp'],
    form: /^\d+[KMGT]?$/i,
    expected: 'a whole number of MB, or with K, M, G or T: 512G; for mem, 0 is all of a node',
  },
  {
    of: [
      'cpus-per-task',
      'cpus-per-gpu',
      'mincpus',
      'cores-per-socket',
      'sockets-per-node',
      'threads-per-core',
    ],
    form: /^[1-9]\d*$/,
    expected: 'a whole number above zero',
  },
  { of: ['exclusive'], form: /^(user|mcs|topo)$/, expected: 'true, false, user, mcs or topo' },
  {
    of: ['gpus-per-node'],
    form: /^([A-Za-z][\w.-]*|([A-Za-z][\w.-]*:)?[1-9]\d*)$/,
    expected: 'the type that gres.conf names: h100; its number follows from the plan',
  },
  { of: ['partition', 'account', 'qos', 'gres', 'constraint'], form: /^\S+$/, expected: 'no spaces' },
];

/** What would end the value early in a line of `#SBATCH`, quoted as it may be (src/sbatch/opt.c, get_argument). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they end the line.
const UNQUOTABLE = /["\\\u0000-\u001f\u007f]/;

/** One option as it is written. `at`: where, for errors. Throws InputError where sbatch has no such option, or a plan decides it. */
export function sbatchOption(key: string, value: unknown, at?: Location): string | boolean {
  const wrong = (message: string, expected: string, hint?: string) =>
    new InputError({
      message,
      expected,
      ...(hint === undefined ? {} : { hint }),
      ...(at === undefined ? {} : { at }),
    });
  const decided = DECIDED[key];
  if (decided !== undefined)
    throw wrong(`sbatch option "${key}"`, `none of those a plan decides: ${decided}`);
  const argument = SBATCH_OPTIONS.get(key);
  if (argument === undefined) {
    const near =
      MEANT[key] ??
      nearest(
        key,
        [...SBATCH_OPTIONS.keys()].filter((name) => !(name in DECIDED)),
      );
    throw wrong(
      `sbatch has no option "${key}"`,
      'a long option of sbatch without its dashes: account, partition, time, …',
      near === undefined ? undefined : `Maybe "${near}".`,
    );
  }
  const shown = `${key} is ${JSON.stringify(value)}`;
  if (typeof value === 'boolean') {
    if (argument !== 'value') return value;
    throw wrong(shown, formOf(key)?.expected ?? 'a value');
  }
  if (argument === 'none') throw wrong(shown, 'true or false: it takes no value');
  const text = String(value);
  const form = formOf(key);
  if (form !== undefined && !form.form.test(text)) throw wrong(shown, form.expected, likely(form.form, text));
  if (text === '' || UNQUOTABLE.test(text))
    throw wrong(shown, 'text without quotes, backslashes or line ends');
  return text;
}

const formOf = (key: string) => FORMS.find(({ of }) => of.includes(key));

/** `512 GiB`, `512GB`: 512G. `1d`: 1-0. */
function likely(form: RegExp, text: string): string | undefined {
  const memory = text.replace(/^(\d+)\s*([KMGT])i?B?$/i, '$1$2');
  const days = text.replace(/^(\d+)\s*d(ays?)?$/i, '$1-0').replace(/^(\d+)\s*h(ours?)?$/i, '$1:00:00');
  const found = [memory, days].find((one) => one !== text && form.test(one));
  return found === undefined ? undefined : `Maybe "${found}".`;
}

/** Throws InputError where an option of the job as a whole is said of one node group. */
export function ofOneGroup(key: string, at?: Location): void {
  if (!WHOLE_JOB.has(key)) return;
  throw new InputError({
    message: `${key} for one node group`,
    expected: `${key} for the whole job`,
    hint: 'Maybe slurm: beside groups:, or --sbatch without a group.',
    ...(at === undefined ? {} : { at }),
  });
}
