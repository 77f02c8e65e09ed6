/** Builds what a clone runs; whoever installs the tarball has it built, and npm would warn of a script. */
const PREPARE = '    "prepare": "npm run build",\n';
const BEFORE = /( {4}"build": .*\n)/;

/** The text of package.json as the tarball has it. */
export function packed(text: string): string {
  return text.replace(PREPARE, '');
}

/** The same as a clone has it. */
export function own(text: string): string {
  return packed(text).replace(BEFORE, `$1${PREPARE}`);
}
