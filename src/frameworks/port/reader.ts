import type { Location } from '../../domain/input-error.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import type { ProgramWay, ProgramWords } from '../../foreign/bash/program.ts';
import type { Statement } from '../../foreign/python/syntax.ts';
import type { TrainingFlags } from '../../plan-text/training-text.ts';

/** A launch file as text, and as those read it who know its language: no framework parses, so none brings a parser along. */
export interface Source {
  readonly path: string;
  readonly text: string;
  /** Of `text`, or of another text with the same lines. Throws InputError where that is neither YAML nor JSON. */
  value(text?: string): Located;
  /**
   * What a shell script hands to the program it starts, or a file of arguments. `tells` knows an argument of the framework
   * when it sees one; `program` a script that is its own program. Throws InputError where bash could not read it.
   */
  words(tells: (word: string) => boolean, program?: RegExp): ProgramWords;
  /** Of a program in Python. */
  statements(): readonly Statement[];
  /** A table in TOML, of `text` or of another text, with the line of each key by its dotted path. Throws InputError where it is none. */
  table(text?: string): Located;
  /** Which of several things in the file is meant: a recipe by name, a job by number; left out: not said. */
  readonly part?: string | undefined;
  /** A variable that is given from outside; undefined: none of that name. Left out: none is given. */
  given?(name: string): string | undefined;
  /** The text of another file in the same folder; null where there is none. Left out: the file stands alone. */
  beside?(name: string): string | null;
}

/** A word of a shell script, and the line it stands on. */
export type ProgramWord = ProgramWay['words'][number];

export interface Located {
  readonly value: unknown;
  /** Where in the file a JSON pointer stands. */
  locate(pointer: string): Location;
}

/** What a launch file says of model and workload; null: nothing. */
interface AskedWorkload {
  readonly sequenceLength: number | null;
  readonly globalBatchSize: number | null;
  readonly precision: string | null;
  /** As --optimizer has it; left out: not said. */
  readonly optimizer?: string;
  /** As flags have it; left out: all of the model. */
  readonly training?: TrainingFlags;
  /** As --packing has it. */
  readonly packing?: string;
  /** As --models has it. */
  readonly models?: string;
  /** As --routing has it. */
  readonly routing?: string;
  /** The software stack that it runs on, where that is not its framework's own. */
  readonly stack?: string;
  readonly layers: number | null;
  /** Layers of each chunk in layer order, counted each way that the file may mean it: the model's own is meant. */
  readonly cuts?: readonly (readonly number[])[];
  readonly hiddenSize: number | null;
  /** More of the model, where the file says it; left out: not said. */
  readonly model?: ModelFacts;
}

/** Sizes by which a model is told from others. */
export interface ModelFacts {
  readonly heads?: number;
  readonly queryGroups?: number;
  readonly headDim?: number;
  /** Of the dense layers. */
  readonly ffnHiddenSize?: number;
  /** 0: there are none. */
  readonly experts?: number;
  readonly expertsPerToken?: number;
  readonly expertFfnHiddenSize?: number;
  readonly vocabulary?: number;
  readonly gated?: boolean;
  readonly tiedEmbeddings?: boolean;
}

/** What a launch file asks for. Degrees stand as `--config` writes them; what the file does not say is left out. */
export interface Asked extends AskedWorkload {
  readonly configuration: Readonly<Record<string, string>>;
  /** What the file says that no plan can say, and what is estimated in its place: a line each, for people. */
  readonly notes?: readonly string[];
  /**
   * For files that say more than `--config` can: the whole plan, given the device of each global rank in order. Throws
   * InputError where the ranks of the file are not those.
   */
  readonly plan?: (problem: Problem, devices: readonly number[]) => Plan;
}

export interface ReadFile {
  /**
   * `gpus`: those of the job, which what a file leaves out may depend on; left out: not known. Throws InputError where the
   * file cannot be estimated.
   */
  asked(gpus?: number | null): Asked;
  /** Of a program that is none of the launchers here: which of them has its plans; null: none. Left out: the file is a launcher's own. */
  readonly runtime?: string | null;
  /** GPUs that the file itself starts its job on; null, or left out: it does not say. */
  readonly gpus?: number | null;
  /** What the file says of all that a plan decides; left out: it is not told apart from the rest. */
  settings?(): readonly Setting[];
  /** The framework's rules that the file breaks; `gpus` of null leaves out what depends on their number. */
  violations(gpus: number | null): readonly Violation[];
}

/** One thing that a plan decides, as a framework's own file has it. */
export interface Setting {
  readonly name: string;
  /** A line for people; null: it must not be set. */
  readonly text: string | null;
  /** Of a plan: it need not be said. Of a file: it may stay where a plan says nothing of it. */
  readonly usual?: true;
}

/** Reads the configuration that a framework runs from. */
export interface LaunchReader {
  /** Name of that file in a folder that `emit` wrote. */
  readonly file: string;
  readonly rules: readonly {
    readonly rule: string;
    /** A file that breaks it cannot be estimated: a value is none of those that the framework has. */
    readonly unreadable?: true;
  }[];
  read(source: Source): ReadFile;
}

/** A rule of the framework that a file breaks. */
export interface Violation {
  readonly rule: string;
  readonly line: number;
  readonly actual: string;
  readonly limit: string;
  readonly fix: string;
  /** The framework may pass over it: it is said, and breaks nothing. */
  readonly warning?: true;
}
