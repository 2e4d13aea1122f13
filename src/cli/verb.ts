/** What every verb is to the launcher, and what verbs share. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { enterNamespace, isInside, type Loan } from '../emulator/index.ts';
import { MpkitError } from '../errors.ts';
import { stateRoot } from '../paths.ts';

export interface Verb {
  help: string;
  /** Its own verbs have helps of their own. */
  ownHelp?: true;
  /** Gets the words after the verb; resolves to the exit status. */
  execute: (words: string[]) => Promise<number>;
}

/** Strict parsing; a wrong flag is `usage` with the verb's help as hint. */
export function parseWords<T extends ParseArgsConfig['options']>(
  verb: string,
  words: string[],
  options: T,
) {
  try {
    return parseArgs({
      args: withoutShortEquals(words, options),
      options: options ?? {},
      allowPositionals: true,
      strict: true,
    }) as ReturnType<typeof parseArgs<{ options: NonNullable<T>; allowPositionals: true }>>;
  } catch (error) {
    const message = (error as Error).message.split(/\.(\s|$)/)[0] ?? '';
    throw usageOf(verb)(`${message.charAt(0).toLowerCase()}${message.slice(1)}`);
  }
}

/** `-t=x` is `-t x`, as the field's tools have it; Node takes the `=` for part of the value. */
function withoutShortEquals(words: string[], options: ParseArgsConfig['options'] = {}): string[] {
  const shorts = Object.values(options).flatMap(({ type, short }) =>
    type === 'string' && short ? [short] : [],
  );
  const end = words.indexOf('--');
  return words.map((word, at) =>
    word.startsWith('-') && word[2] === '=' && shorts.includes(word[1]!) && (end < 0 || at < end)
      ? `${word.slice(0, 2)}${word.slice(3)}`
      : word,
  );
}

/** Makes the errors of a verb whose words are wrong. */
export function usageOf(verb: string): (message: string) => MpkitError {
  const hint = `\`mpkit ${verb} --help\` lists the flags`;
  return (message) => new MpkitError('usage', message, { hint });
}

/** For files that are written for the caller. */
export let callersUmask = 0o022;

/** Runs `action` inside the builder's namespace: there directly, outside by entering it. */
export async function inNamespace(
  verb: string,
  words: string[],
  options: {
    root: string | undefined;
    loans: Loan[];
    quiet?: boolean;
    sharesTerminal?: boolean;
  },
  action: (root: string) => Promise<number>,
): Promise<number> {
  if (options.root === '') throw new MpkitError('usage', '`--root` is empty: expected a folder');
  const root = stateRoot(options.root);
  if (isInside()) {
    // what images are made of must not depend on the caller's umask; results do (`callersUmask`)
    callersUmask = process.umask(0o022);
    return action(root);
  }
  return enterNamespace({
    root,
    loans: options.loans,
    argv: [verb, ...words],
    sharesTerminal: options.sharesTerminal ?? false,
    warn: (text) => {
      if (!options.quiet) process.stderr.write(`mpkit: note: ${text}\n`);
    },
  });
}

export interface Stop {
  signal: AbortSignal;
  /** The exit status of a run that a signal ended. */
  code: () => number | undefined;
  /** From now on signals are somebody else's: native/sandbox passes them to the command. */
  disarm: () => void;
  /** From now on signals end the process, as they do by themselves. */
  release: () => void;
}

/**
 * Aborts on the first SIGINT, SIGTERM or SIGHUP. What runs is ended and cleaned up before the
 * process goes.
 */
export function stopOnSignals(): Stop {
  const controller = new AbortController();
  const numbers = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;
  let armed = true;
  let code: number | undefined;
  const handlers = Object.entries(numbers).map(([name, number]) => {
    const handler = () => {
      if (!armed) return;
      code ??= 128 + number;
      controller.abort();
    };
    process.on(name, handler);
    return [name, handler] as const;
  });
  return {
    signal: controller.signal,
    code: () => code,
    disarm: () => {
      armed = false;
    },
    release: () => {
      for (const [name, handler] of handlers) process.off(name, handler);
    },
  };
}
