import { InputError } from '../../domain/input-error.ts';
import { published, SCHEMAS } from '../../schema/index.ts';
import { nearest } from '../../units/nearest.ts';
import type { Register } from '../command.ts';
import { EXIT } from '../io.ts';

export const schema: Register = (program, io, done) => {
  program
    .command('schema')
    .description('the JSON Schema of a document')
    .argument('<name>', Object.keys(SCHEMAS).join(', '))
    .action((name: string) => {
      const found = Object.entries(SCHEMAS).find(([known]) => known === name);
      if (found === undefined) {
        const names = Object.keys(SCHEMAS);
        const near = nearest(name, names);
        throw new InputError({
          message: `no schema "${name}"`,
          expected: `one of ${names.join(', ')}`,
          ...(near === undefined ? {} : { hint: `Maybe "${near}".` }),
        });
      }
      io.stdout(published(found[1]));
      done(EXIT.ok);
    });
};
