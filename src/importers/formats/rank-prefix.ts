// `mpirun --tag-output` writes [1,0]<stdout>: before each line, of PRRTE [prterun-host-9@1,0]<stdout>:, MPICH's
// -prepend-rank [0], and `srun --label` 0: and a space.
const PREFIX = /^(?:\s*\[(?:[\w.@-]+@)?\d+,\d+\]<std(?:out|err|diag)>: ?|\[\d+\] |\s*\d+:(?: |$))/;

/** A line as its program wrote it, without the rank that a launcher put before it. */
export function withoutRank(line: string): string {
  return line.replace(PREFIX, '');
}

/** The same for a whole text; line numbers stay. */
export function withoutRanks(text: string): string {
  return text.split('\n').map(withoutRank).join('\n');
}
