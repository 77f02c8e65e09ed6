import type { Command } from 'commander';
import { listClusters } from '../../catalogue/clusters.ts';
import { listGpus } from '../../catalogue/gpus.ts';
import { listLinks } from '../../catalogue/links.ts';
import { listModels } from '../../catalogue/models.ts';
import { listShapes } from '../../catalogue/shapes.ts';
import { listStacks } from '../../catalogue/stacks.ts';
import { PRECISIONS } from '../../domain/dtype.ts';
import { InputError } from '../../domain/input-error.ts';
import { LAUNCHERS, READERS } from '../../frameworks/index.ts';
import { OPTIMIZERS } from '../../optimizers/index.ts';
import { bashCompletion } from '../../reporters/completion/bash.ts';
import type { CommandNode, CommandTree } from '../../reporters/completion/command-tree.ts';
import { fishCompletion } from '../../reporters/completion/fish.ts';
import { zshCompletion } from '../../reporters/completion/zsh.ts';
import { SCHEMAS } from '../../schema/index.ts';
import { OBJECTIVES } from '../../search/space/objective.ts';
import { nearest } from '../../units/nearest.ts';
import type { Register } from '../command.ts';
import { EXIT } from '../io.ts';

const SHELLS: Readonly<Record<string, (tree: CommandTree) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

export const completion: Register = (program, io, done) => {
  program
    .command('completion')
    .description('a script that completes commands, flags and names in a shell')
    .argument('<shell>', Object.keys(SHELLS).join(', '))
    .action((shell: string) => {
      const script = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined;
      if (script === undefined) {
        const near = nearest(shell, Object.keys(SHELLS));
        throw new InputError({
          message: `no completion for "${shell}"`,
          expected: `one of ${Object.keys(SHELLS).join(', ')}`,
          ...(near === undefined ? {} : { hint: `Maybe "${near}".` }),
        });
      }
      io.stdout(
        script({ program: program.name(), commands: program.commands.flatMap((one) => nodesOf(one)) }),
      );
      done(EXIT.ok);
    });
};

/** Values of flags whose names say what they take. */
const FLAG_VALUES: Readonly<Record<string, () => readonly string[]>> = {
  '--launcher': () => [...LAUNCHERS.map(({ id }) => id), 'any'],
  '--for': () => READERS.map(({ id }) => id),
  '--to': () => LAUNCHERS.map(({ id }) => id),
  '--precision': () => PRECISIONS,
  '--optimizer': () => OPTIMIZERS.map(({ id }) => id),
  '--objective': () => OBJECTIVES,
  '--stack': listStacks,
  '--drop-slow': () => ['auto', 'never'],
  '--train': () => ['full', 'lora', 'qlora'],
};

/** The same of arguments. */
const ARGUMENT_VALUES: Readonly<Record<string, () => readonly string[]>> = {
  model: listModels,
  cluster: () => [...listClusters(), ...listShapes()],
  clusters: () => [...listClusters(), ...listShapes()],
  gpu: listGpus,
  link: listLinks,
  stack: listStacks,
  shell: () => Object.keys(SHELLS),
  name: () => Object.keys(SCHEMAS),
};

function nodesOf(command: Command, before: readonly string[] = []): CommandNode[] {
  const words = [...before, command.name()];
  if (command.commands.length > 0) return command.commands.flatMap((inner) => nodesOf(inner, words));
  return [
    {
      words,
      description: command.description(),
      options: command.options
        .filter(({ long }) => typeof long === 'string')
        .map(({ long, description, required, optional }) => ({
          flag: long!,
          description,
          takesValue: required || optional,
          values: FLAG_VALUES[long!]?.() ?? [],
        })),
      arguments: command.registeredArguments.map((one) => ARGUMENT_VALUES[one.name()]?.() ?? []),
    },
  ];
}
