import type { TrainedBytes } from '../../src/domain/stack.ts';
import { FRAMEWORKS } from '../../src/frameworks/index.ts';
import { matrix } from '../../src/layers/weight.ts';
import { OPTIMIZERS } from '../../src/optimizers/index.ts';
import type { Optimizer } from '../../src/optimizers/optimizer.ts';
import { COUNTS } from '../../src/plan-text/configuration.ts';
import { SCHEDULES } from '../../src/schedules/index.ts';
import { TECHNIQUES } from '../../src/techniques/index.ts';
import { Misread } from '../../src/techniques/misread.ts';

/** What a technique's own parser says of its values, when it is given none. */
function valuesOf(one: (typeof TECHNIQUES)[number]): string {
  const read = one.parse('?');
  return read instanceof Misread ? read.expected : 'any text';
}

/** A matrix of a layer, in bf16 with an fp32 master: what the table counts. */
const SQUARE = matrix({ part: 'attention', rows: 4096, columns: 4096 });
const STATE: TrainedBytes = { weights: 2, gradients: 4, master: 4, moments: [4, 4] };

function optimizerRow({ id, name, options, source, stateBytes }: Optimizer): string {
  const bytes = Number(stateBytes(SQUARE, STATE, {}).toFixed(2));
  const keys = Object.keys(options).map((key) => `\`${key}\``);
  const runs = FRAMEWORKS.filter(({ express }) => express.optimizers[id] !== undefined).map(
    (one) => one.name,
  );
  const by = runs.length === FRAMEWORKS.length ? 'all' : runs.join(', ') || 'none here (`--launcher any`)';
  return `| \`${id}\` | ${name} | ${bytes} | ${keys.join(', ')} | ${by} | ${source} |`;
}

/** Each option once, whichever optimizers have it. */
function optionRows(): string[] {
  const all = OPTIMIZERS.flatMap(({ id, options }) =>
    Object.entries(options).map(([key, option]) => ({ id, key, ...option })),
  );
  const lines = new Map<string, string[]>();
  for (const { id, key, values, usual, meaning } of all) {
    const listed = values.map((one) => (one === usual ? `**${one}**` : one)).join(', ');
    const line = `| ${listed} | ${meaning} |`;
    lines.set(`${key}${line}`, [...(lines.get(`${key}${line}`) ?? []), id]);
  }
  return [...lines].map(([text, ids]) => {
    const at = text.indexOf('|');
    const key = text.slice(0, at);
    const many = all.filter((one) => one.key === key).length > ids.length;
    return `| \`${key}\`${many ? ` of ${ids.join(', ')}` : ''} ${text.slice(at)}`;
  });
}

/** What `--config`, `--fix` and `--optimizer` take of the modules: a page of docs/commands.md. */
export function moduleTables(): string {
  const keys = TECHNIQUES.map(
    (one) =>
      `| ${[one.id, ...one.aliases].map((key) => `\`${key}\``).join(', ')} | ${one.name} | ${valuesOf(one)} |`,
  );
  const rows = (modules: readonly { id: string; name: string; source: string }[]) =>
    modules.map(({ id, name, source }) => `| \`${id}\` | ${name} | ${source} |`).join('\n');
  return `Degrees and sizes: ${COUNTS.map((key) => `\`${key}\``).join(', ')}. Techniques:

| key | technique | values |
|---|---|---|
${keys.join('\n')}

| \`schedule\` | | from |
|---|---|---|
${rows(SCHEDULES)}

| \`--optimizer\` | | bytes a parameter | options | run by | from |
|---|---|---|---|---|---|
${OPTIMIZERS.map(optimizerRow).join('\n')}

| option | values | meaning |
|---|---|---|
${optionRows().join('\n')}
`;
}
