import { type Facts, type Importer, linesOf, nothing } from '../facts/facts.ts';
import { type SlurmNode, slurmFacts } from './slurm-gres.ts';

/** `scontrol show nodes`, with or without --oneliner; nodes that run no jobs are left out and named. */
export const scontrol: Importer = {
  format: 'scontrol show nodes',
  recognises: (text) => /^NodeName=\S+/m.test(text),
  read(text, file): Facts {
    return { ...nothing(this.format), ...slurmFacts(blocksOf(text).map((block) => nodeOf(block, file))) };
  },
};

interface Block {
  readonly line: number;
  readonly lines: string[];
}

/** A block starts at each NodeName. */
function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  for (const [i, line] of linesOf(text).entries())
    if (/^NodeName=/.test(line)) blocks.push({ line: i + 1, lines: [line] });
    else if (line.trim() !== '') blocks.at(-1)?.lines.push(line);
  return blocks;
}

function nodeOf({ line, lines }: Block, file: string): SlurmNode {
  const block = lines.join('\n');
  const field = (key: string) => new RegExp(`(?:^|\\s)${key}=(\\S+)`).exec(block)?.[1] ?? '';
  return {
    name: field('NodeName'),
    gres: field('Gres'),
    tres: field('CfgTRES'),
    features: field('AvailableFeatures'),
    state: field('State'),
    where: { file, line },
  };
}
