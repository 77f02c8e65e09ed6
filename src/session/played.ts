/** What steps come to: after each the caller is told, and the process may be given a turn (signals, progress). */
export async function played<S, T>(
  steps: Generator<S, T, void>,
  after: (step: S) => Promise<void> | null,
): Promise<T> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    const turn = after(step.value);
    if (turn !== null) await turn;
  }
}
