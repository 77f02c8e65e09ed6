import { listClusters, loadCluster } from '../../catalogue/clusters.ts';
import { listModels, loadModel } from '../../catalogue/models.ts';
import { listShapes } from '../../catalogue/shapes.ts';
import { clusterDocument, clusterTable } from '../../reporters/cluster.ts';
import { modelDocument, modelTable } from '../../reporters/listing.ts';
import { type Register, styleOf } from '../command.ts';
import { EXIT, printJson } from '../io.ts';
import { importCommands } from './import.ts';

export const model: Register = (program, io, done) => {
  const command = program.command('model').description('presets, and what a model is made of');
  command
    .command('list')
    .description('names of the bundled models')
    .option('--json', 'print one JSON document')
    .action((flags: Record<string, unknown>) => {
      if (flags.json === true) printJson(io, { schema: 'shardwright.list/1', models: listModels() });
      else io.stdout(`${listModels().join('\n')}\n`);
      done(EXIT.ok);
    });
  command
    .command('show')
    .description('architecture, exact parameter count part by part, FLOPs per token')
    .argument('<model>', 'preset name, Hugging Face config.json, or YAML file')
    .option('--json', 'print one JSON document')
    .action((name: string, flags: Record<string, unknown>) => {
      const { value, sha256 } = loadModel(name);
      if (flags.json === true) printJson(io, modelDocument(value, sha256));
      else io.stdout(modelTable(value, styleOf(io)));
      done(EXIT.ok);
    });
};

export const cluster: Register = (program, io, done) => {
  const command = program
    .command('cluster')
    .description('bundled clusters, what one consists of, and how to describe your own');
  importCommands(command, io, done);
  command
    .command('list')
    .description('names of the bundled clusters')
    .option('--json', 'print one JSON document')
    .action((flags: Record<string, unknown>) => {
      const [clusters, shapes] = [listClusters(), listShapes()];
      if (flags.json === true) printJson(io, { schema: 'shardwright.list/1', clusters, shapes });
      else
        io.stdout(
          `${clusters.join('\n')}\n\nHosts that clouds rent, one or so many (${shapes[0]}x16):\n${shapes.join('\n')}\n`,
        );
      done(EXIT.ok);
    });
  command
    .command('show')
    .description('groups, how they are joined, and what was assumed')
    .argument('<cluster>', 'bundled name, hosts of a cloud (aws-p5x16), or YAML file')
    .option('--json', 'print one JSON document')
    .action((name: string, flags: Record<string, unknown>) => {
      const { value, sha256 } = loadCluster(name);
      if (flags.json === true) printJson(io, clusterDocument(value, sha256));
      else io.stdout(clusterTable(value, styleOf(io)));
      done(EXIT.ok);
    });
};
