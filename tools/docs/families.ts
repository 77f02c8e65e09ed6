import { readdirSync, readFileSync } from 'node:fs';
import { FAMILIES } from '../../src/catalogue/huggingface/families/index.ts';
import { UNMODELLED } from '../../src/catalogue/huggingface/unmodelled.ts';

const FOLDER = 'src/catalogue/huggingface/families';

/** What stands above a family in its file, by the first of its types. */
function commentsOf(): ReadonlyMap<string, string> {
  const files = readdirSync(FOLDER).filter((file) => file !== 'index.ts');
  const found = files.flatMap((file) => {
    const text = readFileSync(`${FOLDER}/${file}`, 'utf8');
    return [
      ...text.matchAll(/\/\*\* ([^\n]*) \*\/\nexport const \w+: Family = \{\n\s+types: \[\s*'([^']+)'/g),
    ];
  });
  return new Map(found.map(([, comment, type]) => [type!, comment!]));
}

const quoted = (types: readonly string[]) => types.map((type) => `\`${type}\``).join(', ');

/** Each family that is read, and those that are refused by what is missing: a page of docs/models.md. */
export function familyTables(): string {
  const comments = commentsOf();
  const read = FAMILIES.map(({ types }) => `| ${quoted(types)} | ${comments.get(types[0]!) ?? ''} |`).sort();
  const missing = new Map<string, string[]>();
  for (const [type, what] of Object.entries(UNMODELLED))
    missing.set(what, [...(missing.get(what) ?? []), type]);
  const refused = [...missing].map(([what, types]) => `| ${what} | ${quoted(types)} |`);
  return `| \`model_type\` | what is its own |
|---|---|
${read.join('\n')}

Refused, since what they have beside attention and MLPs is not modelled:

| what | \`model_type\` |
|---|---|
${refused.join('\n')}
`;
}
