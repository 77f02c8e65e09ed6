import type { LaunchReader } from './reader.ts';

/** A training program whose files are read and not written: what it starts is the runtime of another framework. */
export interface Program {
  readonly id: string;
  readonly name: string;
  readonly reader: LaunchReader;
}
