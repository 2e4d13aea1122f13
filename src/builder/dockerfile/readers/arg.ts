import type { Arg } from '../instructions.ts';
import type { DockerfileNode } from '../parse.ts';
import { syntaxError, takeArguments, takeNoFlags } from './node.ts';

/** `ARG name[=default] …`. */
export function readArg(node: DockerfileNode): Arg {
  takeNoFlags(node);
  return { kind: 'arg', args: takeArguments(node, 1, 'a name').map(readOne) };
}

function readOne(word: string): { name: string; default?: string } {
  const equals = word.indexOf('=');
  if (equals === 0) throw syntaxError(`\`ARG\` has no name before \`${word}\``);
  if (equals < 0) return { name: word };
  return { name: word.slice(0, equals), default: word.slice(equals + 1) };
}
