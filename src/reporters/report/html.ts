import type { ChartData } from '../../page/report-data.ts';
import { escaped } from '../escaped.ts';

/** A part of a page. Texts are plain; `markup` alone is taken as it is, and whoever makes it escapes what is in it. */
export type Section =
  | { readonly kind: 'lines'; readonly title: string; readonly lines: readonly string[] }
  | { readonly kind: 'table'; readonly title: string; readonly note?: string; readonly table: TableText }
  | { readonly kind: 'chart'; readonly title: string; readonly note?: string; readonly data: ChartData }
  | { readonly kind: 'picture'; readonly title: string; readonly note?: string; readonly markup: string };

interface TableText {
  readonly head: readonly { readonly name: string; readonly right?: boolean }[];
  readonly rows: readonly (readonly Cell[])[];
}

/** `sort`: by what its column is sorted, where not by its text; `code`: to be typed. */
export interface Cell {
  readonly text: string;
  readonly sort?: number;
  readonly code?: boolean;
}

export interface Page {
  readonly title: string;
  readonly subtitle: string;
  /** Large figures under the title. */
  readonly facts: readonly { readonly name: string; readonly value: string }[];
  readonly sections: readonly Section[];
  /** What made it, and from what. */
  readonly made: string;
}

/** One file that opens from a disk and asks for nothing: style, script and data are in it. Every text of a file is escaped. */
export function htmlPage({ title, subtitle, facts, sections, made }: Page, script: string): string {
  const charts: ChartData[] = [];
  const body = sections.map((section) => {
    const note =
      'note' in section && section.note !== undefined ? `<p class="note">${escaped(section.note)}</p>` : '';
    return `<section>\n<h2>${escaped(section.title)}</h2>\n${note}${contentOf(section, charts)}\n</section>`;
  });
  const tiles = facts.map(
    ({ name, value }) => `<div class="fact"><b>${escaped(value)}</b><span>${escaped(name)}</span></div>`,
  );
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">`,
    '<meta name="color-scheme" content="light dark">',
    '<link rel="icon" href="data:,">',
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}</style>`,
    '</head>',
    '<body>',
    `<header>\n<h1>${escaped(title)}</h1>\n<p>${escaped(subtitle)}</p>\n<div class="facts">${tiles.join('')}</div>\n</header>`,
    '<main>',
    ...body,
    '</main>',
    `<footer>${escaped(made)}</footer>`,
    `<script type="application/json" id="charts">${dataText(charts)}</script>`,
    `<script>${script.replaceAll('</script', '<\\/script')}</script>`,
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

function contentOf(section: Section, charts: ChartData[]): string {
  switch (section.kind) {
    case 'lines':
      return `<ul>${section.lines.map((line) => `<li>${escaped(line)}</li>`).join('')}</ul>`;
    case 'table':
      return tableMarkup(section.table);
    case 'picture':
      return `<div class="wide">${section.markup}</div>`;
    case 'chart':
      charts.push(section.data);
      return `<div class="chart" id="chart-${charts.length - 1}" role="img" aria-label="${escaped(section.title)}"></div>`;
  }
}

function tableMarkup({ head, rows }: TableText): string {
  const side = (column: number) => (head[column]?.right === true ? ' class="right"' : '');
  const heads = head.map(({ name }, i) => `<th scope="col"${side(i)}>${escaped(name)}</th>`);
  const lines = rows.map((row) => {
    const cells = row.map(({ text, sort, code }, i) => {
      const inner = code === true ? `<code>${escaped(text)}</code>` : escaped(text);
      return `<td${side(i)}${sort === undefined ? '' : ` data-sort="${sort}"`}>${inner}</td>`;
    });
    return `<tr>${cells.join('')}</tr>`;
  });
  return `<div class="wide"><table><thead><tr>${heads.join('')}</tr></thead><tbody>${lines.join('')}</tbody></table></div>`;
}

/** JSON that ends no script and begins no comment, whatever names stand in it. */
function dataText(charts: readonly ChartData[]): string {
  return JSON.stringify(charts)
    .replaceAll('<', '\\u003c')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
}

const STYLE = `
:root{--text:#1c1e24;--faint:#626a78;--line:#c9ced8;--ground:#fff;--panel:#f5f6f9;
--series-0:#4c78a8;--series-1:#7fb069;--series-2:#e3b448;--series-3:#b279a2;--series-4:#9d755d;
--series-5:#54a3a5;--series-6:#e4743c;--series-7:#8c8cd9;--series-8:#d6616b;--series-9:#8ca252}
@media(prefers-color-scheme:dark){:root{--text:#e6e8ee;--faint:#9aa3b2;--line:#3c4250;--ground:#16181d;--panel:#1f2229;
--series-0:#6c9bd1;--series-1:#8fc27c;--series-2:#f0c75e;--series-3:#c792b9;--series-4:#b98f76;
--series-5:#6dbdbf;--series-6:#f08a55;--series-7:#a5a5ee;--series-8:#e57f88;--series-9:#a7bd6c}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--text);font:15px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
header,main,footer{max-width:1200px;margin:0 auto;padding:12px 20px}
h1{font-size:1.5rem;margin:.4em 0 .1em;overflow-wrap:anywhere}h2{font-size:1.1rem;margin:0 0 .4em}
header p{margin:0;color:var(--faint);overflow-wrap:anywhere}
.facts{display:flex;flex-wrap:wrap;gap:10px;margin-top:14px}
.fact{background:var(--panel);border-radius:8px;padding:8px 14px;min-width:110px}
.fact b{display:block;font-size:1.15rem}.fact span{color:var(--faint);font-size:.85rem}
section{background:var(--panel);border-radius:10px;padding:14px 16px;margin:14px 0}
.note{color:var(--faint);margin:.1em 0 .6em;font-size:.9rem}
.wide{overflow-x:auto}.chart{width:100%;min-height:120px}
table{border-collapse:collapse;font-size:.88rem;font-variant-numeric:tabular-nums}
th,td{padding:5px 10px;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
.right{text-align:right;white-space:nowrap}td{min-width:60px}
th button{all:unset;cursor:pointer;font-weight:600;white-space:nowrap}
th button:focus-visible{outline:2px solid var(--series-0)}
th[aria-sort=ascending] button::after{content:" ▲"}th[aria-sort=descending] button::after{content:" ▼"}
code{font:12px/1.4 ui-monospace,Menlo,Consolas,monospace;overflow-wrap:anywhere;display:block;min-width:170px}
ul{margin:0;padding-left:1.2em}li{margin:.2em 0;overflow-wrap:anywhere}
footer{color:var(--faint);font-size:.85rem;overflow-wrap:anywhere}
svg text{fill:var(--text)}
@media(max-width:600px){header,main,footer{padding:8px 10px}section{padding:10px}.fact{min-width:0;flex:1 1 40%}}
@media print{section{break-inside:avoid}}
`.trim();
