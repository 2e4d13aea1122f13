import type { Env, Label, RawPair } from '../instructions.ts';
import type { DockerfileNode } from '../parse.ts';
import { keywordOf, syntaxError, takeArguments, takeNoFlags } from './node.ts';

/** `ENV key=value …`, or the old `ENV key value`. */
export function readEnv(node: DockerfileNode): Env {
  return { kind: 'env', pairs: readPairs(node) };
}

/** `LABEL key=value …`, or the old `LABEL key value`. */
export function readLabel(node: DockerfileNode): Label {
  return { kind: 'label', pairs: readPairs(node) };
}

function readPairs(node: DockerfileNode): RawPair[] {
  takeNoFlags(node);
  const words = takeArguments(node, 1, '`key=value`');
  const pairs: RawPair[] = [];
  for (let at = 0; at < words.length; at += 3) {
    const [key, value] = [words[at]!, words[at + 1]!];
    if (key === '') throw syntaxError(`\`${keywordOf(node)}\` has no name before \`=${value}\``);
    pairs.push([key, value]);
  }
  return pairs;
}
