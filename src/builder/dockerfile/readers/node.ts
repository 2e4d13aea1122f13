/** What the readers of single instructions share: flags, argument counts, commands, errors. */
import { type ErrorFacts, MpkitError } from '../../../errors.ts';
import type { Command } from '../instructions.ts';
import type { DockerfileNode } from '../parse.ts';
import { didYouMean } from '../suggest.ts';

/** The flags of one instruction; `later` ones exist in the language but not yet in mpkit. */
export interface FlagNames {
  known: string[];
  later: string[];
}

/**
 * The values of the flags by name. Throws `dockerfile-syntax` for an unknown flag, one given twice
 * or one without a value, `not-supported` for one of `later`.
 */
export function takeFlags(node: DockerfileNode, { known, later }: FlagNames): Map<string, string> {
  const values = new Map<string, string>();
  const missing = new Set(node.flags.map(nameOf).filter((name) => later.includes(name)));
  if (missing.size > 0)
    throw unsupported(
      `\`${keywordOf(node)} ${[...missing].map((name) => `--${name}`).join(' ')}\``,
    );
  for (const flag of node.flags) {
    const equals = flag.indexOf('=');
    const name = nameOf(flag);
    if (!known.includes(name)) {
      const names = [...known, ...later].map((each) => `--${each}`);
      throw syntaxError(`unknown flag \`--${name}\` of \`${keywordOf(node)}\``, {
        hint: didYouMean(`--${name}`, names),
      });
    }
    if (values.has(name)) throw syntaxError(`flag \`--${name}\` is given twice`);
    const value = equals < 0 ? '' : flag.slice(equals + 1);
    if (value === '')
      throw syntaxError(`flag \`--${name}\` needs a value: expected \`--${name}=...\``);
    values.set(name, value);
  }
  return values;
}

/** `mount` of `--mount=type=cache`. */
function nameOf(flag: string): string {
  return flag.slice(2).split('=', 1)[0]!;
}

/** Refuses every flag. */
export function takeNoFlags(node: DockerfileNode): void {
  takeFlags(node, { known: [], later: [] });
}

/** The arguments, at least `least` of them; `what` names them in the error. */
export function takeArguments(node: DockerfileNode, least: number, what: string): string[] {
  const found = node.arguments.length;
  if (found >= least) return node.arguments;
  throw syntaxError(`\`${keywordOf(node)}\` needs ${what}: found ${found || 'nothing'}`);
}

/** The only argument. */
export function takeOne(node: DockerfileNode, what: string): string {
  return takeArguments(node, 1, what)[0]!;
}

/** Shell or exec form; the array may be empty. */
export function takeCommand(node: DockerfileNode): Command {
  if (node.json) return { form: 'exec', argv: node.arguments };
  return { form: 'shell', text: takeOne(node, 'a command') };
}

export function refuseHereDocuments(node: DockerfileNode): void {
  if (node.heredocs.length > 0) throw unsupported(`a here-document in \`${keywordOf(node)}\``);
}

export function keywordOf(node: DockerfileNode): string {
  return node.keyword.toUpperCase();
}

export function syntaxError(message: string, facts?: ErrorFacts): MpkitError {
  return new MpkitError('dockerfile-syntax', message, facts);
}

/** For what the language has and mpkit does not yet. */
export function unsupported(what: string, hint?: string): MpkitError {
  return new MpkitError('not-supported', `${what} is not supported by mpkit yet`, { hint });
}
