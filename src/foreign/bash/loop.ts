import type { ArithmeticFor, CompoundList, For, Select, While } from 'unbash';
import { not } from './condition.ts';
import { fieldsOf, numberOf } from './expand.ts';
import { type Shell, setTo } from './shell.ts';
import { type Truth, unknown } from './state.ts';

/** How the statements of a loop are run. */
interface Running {
  list(list: CompoundList, shell: Shell): Truth;
  /** Ways of which one is taken. */
  either(ways: readonly (() => unknown)[], shell: Shell, position: number): void;
}

/** Runs a loop as often as bash would; once or not at all where that cannot be told. */
export function runLoop(
  node: For | While | ArithmeticFor | Select,
  shell: Shell,
  { list, either }: Running,
): Truth {
  const once = () => {
    either([() => list(node.body, shell), () => undefined], shell, node.pos);
    if (shell.leaving === 'break' || shell.leaving === 'continue') shell.leaving = null;
    return null;
  };
  /** Whether the loop goes on. */
  const turn = () => {
    list(node.body, shell);
    const { leaving } = shell;
    if (leaving === 'break' || leaving === 'continue') shell.leaving = null;
    return (leaving === null || leaving === 'continue') && shell.budget.steps > 0;
  };
  switch (node.type) {
    case 'For': {
      const name = node.name.value;
      const words =
        node.wordlist === undefined ? shell.args : node.wordlist.flatMap((word) => fieldsOf(word, shell));
      if (words.every(({ certainty }) => certainty === 'known')) {
        const turns = shell.outside.set.has(name) ? words.slice(0, 1) : words;
        for (const word of turns) {
          setTo(name, [word], shell);
          if (!turn()) break;
        }
        return true;
      }
      setTo(name, [unknown(`$${name}`, shell.lineOf(node.pos))], shell);
      return once();
    }
    case 'While': {
      for (;;) {
        const truth = list(node.clause, shell);
        const goesOn = node.kind === 'until' ? not(truth) : truth;
        if (goesOn === null) return once();
        if (!goesOn || !turn()) return true;
      }
    }
    case 'ArithmeticFor': {
      const line = shell.lineOf(node.pos);
      const worth = (part: typeof node.test) => (part === undefined ? null : numberOf(part, shell, line));
      worth(node.initialize);
      for (;;) {
        const truth = worth(node.test);
        if (truth === null) return once();
        if (truth === 0 || !turn()) return true;
        worth(node.update);
      }
    }
    case 'Select':
      return once();
  }
}
