import { OPTIMIZERS } from '../../src/optimizers/index.ts';
import { COUNTS } from '../../src/plan-text/configuration.ts';
import { SCHEDULES } from '../../src/schedules/index.ts';
import { TECHNIQUES } from '../../src/techniques/index.ts';
import { Misread } from '../../src/techniques/technique.ts';

/** What a technique's own parser says of its values, when it is given none. */
function valuesOf(one: (typeof TECHNIQUES)[number]): string {
  const read = one.parse('?');
  return read instanceof Misread ? read.expected : 'any text';
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

| \`--optimizer\` | | from |
|---|---|---|
${rows(OPTIMIZERS)}
`;
}
