import './engine.ts';

// Loaded once the engine is set: of a bundle what is shared runs first.
const { main } = await import('./main.ts');

/** As EXIT.input: what the system refuses is the user's to mend. */
const EXIT_INPUT = 2;

let stop = false;
process.on('SIGINT', () => {
  if (stop) process.exit(130);
  stop = true;
});
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  process.stderr.write(`the output cannot be written: ${error.code ?? error.message}\n`);
  process.exit(EXIT_INPUT);
});
// Nobody is left to tell.
process.stderr.on('error', () => {});

/** Where the program stands. Of one that is started by a relative path the engine asks first, and fails before it is here. */
function folder(): string {
  try {
    return process.cwd();
  } catch {
    process.stderr.write(
      'the working directory is gone\n  expected: a directory that is there\n  Maybe cd to another one first.\n',
    );
    process.exit(EXIT_INPUT);
  }
}

/** Columns that the environment says, for output that is no terminal. */
const said = /^[1-9]\d*$/.test(process.env.COLUMNS ?? '') ? Number(process.env.COLUMNS) : undefined;
const outputColumns = process.stdout.columns ?? said;
const errorColumns = process.stderr.columns ?? said;

process.exitCode = await main({
  argv: process.argv.slice(2),
  env: process.env,
  cwd: folder(),
  columns: outputColumns ?? 160,
  ...(outputColumns === undefined ? {} : { outputColumns }),
  ...(errorColumns === undefined ? {} : { errorColumns }),
  terminal: process.stdout.isTTY === true && process.stderr.isTTY === true,
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  now: () => performance.now(),
  breathe: () => new Promise((resolve) => setImmediate(resolve)),
  interrupted: () => stop,
});
