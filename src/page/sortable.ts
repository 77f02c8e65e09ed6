/** Makes the heads of a table sort its rows, by `data-sort` where cells have one: numbers as numbers. */
export function sortable(table: HTMLTableElement): void {
  const heads = [...table.tHead!.rows[0]!.cells];
  for (const [column, head] of heads.entries()) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener('click', () => {
      const up = head.getAttribute('aria-sort') !== 'ascending';
      for (const other of heads) other.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
      const body = table.tBodies[0]!;
      const rows = [...body.rows];
      rows.sort((a, b) => (up ? 1 : -1) * compared(keyOf(a, column), keyOf(b, column)));
      body.append(...rows);
    });
  }
}

function keyOf(row: HTMLTableRowElement, column: number): string {
  const cell = row.cells[column];
  return cell?.dataset.sort ?? cell?.textContent ?? '';
}

function compared(a: string, b: string): number {
  const [x, y] = [Number(a), Number(b)];
  return a !== '' && b !== '' && Number.isFinite(x) && Number.isFinite(y)
    ? x - y
    : a < b
      ? -1
      : a > b
        ? 1
        : 0;
}
