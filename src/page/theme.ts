/** Colours that a page sets as properties of its root, so that charts follow it in light and dark. */
export interface Theme {
  readonly text: string;
  readonly faint: string;
  readonly line: string;
  readonly ground: string;
  readonly series: readonly string[];
}

export function themeOf(root: HTMLElement): Theme {
  const style = getComputedStyle(root);
  const of = (name: string) => style.getPropertyValue(name).trim();
  return {
    text: of('--text'),
    faint: of('--faint'),
    line: of('--line'),
    ground: of('--ground'),
    series: Array.from({ length: 10 }, (_, i) => of(`--series-${i}`)),
  };
}

/** A tooltip of plain lines: nothing in it is read as markup. */
export function lines(...texts: readonly string[]): HTMLElement {
  const box = document.createElement('div');
  for (const text of texts) {
    const line = document.createElement('div');
    line.textContent = text;
    box.append(line);
  }
  return box;
}

/** `12.3 ms`, `1.20 s` */
export function time(milliseconds: number): string {
  if (milliseconds === 0) return '0';
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toPrecision(3)} s`;
  return milliseconds >= 1
    ? `${milliseconds.toPrecision(3)} ms`
    : `${(1000 * milliseconds).toPrecision(3)} µs`;
}
