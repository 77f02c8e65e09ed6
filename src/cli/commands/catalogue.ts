import { gpuCalled } from '../../catalogue/gpu-names.ts';
import { listGpus, loadGpu } from '../../catalogue/gpus.ts';
import { linkId } from '../../catalogue/link-names.ts';
import { listLinks, loadLink } from '../../catalogue/links.ts';
import { listStacks, loadStack } from '../../catalogue/stacks.ts';
import {
  gpuDocument,
  gpuTable,
  linkDocument,
  linkTable,
  stackDocument,
  stackTable,
} from '../../reporters/catalogue.ts';
import type { Style } from '../../reporters/paint.ts';
import type { CatalogueReport } from '../../schema/catalogue-report.ts';
import { type Register, styleOf } from '../command.ts';
import { EXIT, printJson } from '../io.ts';

/** What a kind of entry needs for its `list` and `show`. */
interface Kind<T> {
  readonly what: string;
  readonly many: 'gpus' | 'links' | 'stacks';
  readonly argument: string;
  readonly names: () => readonly string[];
  readonly load: (word: string) => T;
  readonly table: (value: T, style: Style) => string;
  readonly document: (value: T) => CatalogueReport;
}

export const gpu: Register = listAndShow('gpu', {
  what: 'GPUs of the catalogue, and what is known of one',
  many: 'gpus',
  argument: 'id, or what tools call it: h100, a100-40gb, "NVIDIA H100 80GB HBM3"',
  names: listGpus,
  load: (word) => loadGpu(gpuCalled(word).id),
  table: gpuTable,
  document: gpuDocument,
});

export const link: Register = listAndShow('link', {
  what: 'kinds of link of the catalogue, and what is known of one',
  many: 'links',
  argument: 'id, or what people call it: ndr, infiniband, 100gbe',
  names: listLinks,
  load: (word) => loadLink(linkId(word)),
  table: linkTable,
  document: linkDocument,
});

export const stack: Register = listAndShow('stack', {
  what: 'software stacks of the catalogue, and what one has',
  many: 'stacks',
  argument: 'id or YAML file',
  names: listStacks,
  load: loadStack,
  table: stackTable,
  document: stackDocument,
});

function listAndShow<T>(
  name: string,
  { what, many, argument, names, load, table, document }: Kind<T>,
): Register {
  return (program, io, done) => {
    const command = program.command(name).description(what);
    command
      .command('list')
      .description('ids of all')
      .option('--json', 'print one JSON document')
      .action((flags: Record<string, unknown>) => {
        if (flags.json === true) printJson(io, { schema: 'shardwright.list/1', [many]: [...names()] });
        else io.stdout(`${names().join('\n')}\n`);
        done(EXIT.ok);
      });
    command
      .command('show')
      .description('its figures, and how much each can be trusted')
      .argument(`<${name}>`, argument)
      .option('--json', 'print one JSON document')
      .action((word: string, flags: Record<string, unknown>) => {
        const value = load(word);
        if (flags.json === true) printJson(io, document(value));
        else io.stdout(table(value, styleOf(io)));
        done(EXIT.ok);
      });
  };
}
