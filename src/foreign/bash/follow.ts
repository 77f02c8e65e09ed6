import type { Shell } from './shell.ts';
import type { Field, Truth } from './state.ts';

export const SHELL = /^(?:.*\/)?(?:ba|da|z)?sh$/;
/** What is a script by its name. */
export const SCRIPT = /\.(?:sh|bash|zsh|slurm|sbatch)$/;
const PYTHON = /(?:^|\/)python[\d.]*$|\.py$/;
/** Scripts of a system or of an environment, which hand nothing to a training program. */
const OF_THE_SYSTEM = /^[/~$]|bashrc|profile|activate$|conda\.sh$|modules?\.sh$/;

/** `source FILE`: in the same variables. What is not there is remembered. */
export function source(args: readonly Field[], shell: Shell): Truth {
  const [file, ...others] = args;
  if (file === undefined) return false;
  const text = textOf(file, shell);
  if (text === null) {
    if (!OF_THE_SYSTEM.test(file.text) || /\/[\w.-]+\.sh$/.test(file.text)) shell.absent.push(file);
    return null;
  }
  const inner: Shell = { ...shell, args: others.length > 0 ? others : shell.args, leaving: null };
  shell.runText(text, file.line, inner, true);
  shell.variables = inner.variables;
  if (inner.leaving === 'exit') shell.leaving = 'exit';
  return true;
}

/** Runs a script that a command starts (`bash run.sh 4 2`, `sbatch job.sh`), where it lies beside the file. */
export function followed(words: readonly Field[], shell: Shell): boolean {
  const place = words.findIndex(({ text }) => SCRIPT.test(text));
  const script = words[place];
  if (script === undefined || words.slice(0, place).some(({ text }) => PYTHON.test(text))) return false;
  const text = textOf(script, shell);
  if (text === null) return false;
  shell.runText(
    text,
    script.line,
    { ...shell, args: words.slice(place + 1), open: false, leaving: null },
    true,
  );
  return true;
}

/** Of a file that the script wrote itself, or that lies beside it, wherever its folder is said to be. */
function textOf({ text, certainty }: Field, { files, outside }: Shell): string | null {
  const own = files.get(text);
  if (own !== undefined) return own;
  const name = text.replace(/^\.\//, '');
  const beside = certainty === 'known' && !name.startsWith('/') ? outside.beside(name) : null;
  return beside ?? outside.beside(name.replace(/^.*\//, ''));
}
