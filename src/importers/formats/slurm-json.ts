import { type Facts, type Importer, nothing, type Where } from '../facts/facts.ts';
import { type JsonRecord, listOf, recordOf, textOf, wordsOf } from './json-shape.ts';
import { type SlurmNode, slurmFacts } from './slurm-gres.ts';

/** `scontrol show nodes --json`, and `sinfo --json` of Slurm before 23.02. */
export const scontrolJson: Importer = {
  format: 'scontrol show nodes --json',
  recognises: (text) => /^\s*\{/.test(text) && /"nodes"\s*:/.test(text) && /"gres"\s*:/.test(text),
  read(text, file): Facts {
    const where = { file, line: 1 };
    const document = recordOf(JSON.parse(text), 'the document', where);
    const nodes = listOf(document.nodes, 'nodes', where).map((node, i) =>
      nodeOf(recordOf(node, `nodes[${i}]`, where), where),
    );
    return { ...nothing(this.format), ...slurmFacts(nodes) };
  },
};

/** `sinfo --json` of Slurm 23.02 and later: like nodes of each partition stand together. */
export const sinfoJson: Importer = {
  format: 'sinfo --json',
  recognises: (text) => /^\s*\{/.test(text) && /"sinfo"\s*:/.test(text),
  read(text, file): Facts {
    const where = { file, line: 1 };
    const document = recordOf(JSON.parse(text), 'the document', where);
    const nodes = listOf(document.sinfo, 'sinfo', where).flatMap((entry, i) =>
      nodesOf(recordOf(entry, `sinfo[${i}]`, where), `sinfo[${i}]`, where),
    );
    return { ...nothing(this.format), ...slurmFacts(nodes) };
  },
};

function nodeOf(node: JsonRecord, where: Where): SlurmNode {
  const name = textOf(node.name ?? node.hostname, 'the name of a node', where);
  const words = (key: string) => wordsOf(node[key], `${key} of ${name}`, where);
  return {
    name,
    gres: words('gres').join(),
    tres: words('tres').join(),
    features: words('features').join(),
    // Slurm 21.08 has flags such as DRAIN beside the state.
    state: [...words('state'), ...words('state_flags')].join('+').toUpperCase(),
    where,
  };
}

/** {"nodes":{"nodes":[…]},"gres":{"total":…},"node":{"state":[…]},"features":{"total":…}} */
function nodesOf(entry: JsonRecord, what: string, where: Where): SlurmNode[] {
  const part = (key: string) => recordOf(entry[key], `${key} of ${what}`, where);
  const total = (key: string) => wordsOf(part(key).total, `${key}.total of ${what}`, where).join();
  const state = wordsOf(part('node').state, `node.state of ${what}`, where).join('+');
  return listOf(part('nodes').nodes, `nodes.nodes of ${what}`, where).map((name) => ({
    name: textOf(name, `a node of ${what}`, where),
    gres: total('gres'),
    tres: '',
    features: total('features'),
    state,
    where,
  }));
}
