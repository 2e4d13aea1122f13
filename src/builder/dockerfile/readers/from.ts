import type { From } from '../instructions.ts';
import type { DockerfileNode } from '../parse.ts';
import { syntaxError, takeArguments, takeFlags } from './node.ts';

/** `FROM [--platform=p] image [AS name]`. */
export function readFrom(node: DockerfileNode): From {
  const flags = takeFlags(node, { known: ['platform'], later: ['after'] });
  const [image, as, name, ...more] = takeArguments(node, 1, 'an image');
  const from: From = { kind: 'from', image: image! };
  const platform = flags.get('platform');
  if (platform !== undefined) from.platform = platform;
  if (as === undefined) return from;
  if (as.toLowerCase() !== 'as' || name === undefined || more.length > 0) {
    const found = node.arguments.slice(1).join(' ');
    throw syntaxError(`\`FROM\` has \`${found}\` after the image: expected \`AS name\``);
  }
  return { ...from, as: checkStageName(name) };
}

function checkStageName(name: string): string {
  const lower = name.toLowerCase();
  if (/^[a-z][a-z0-9_.-]*$/.test(lower)) return lower;
  throw syntaxError(
    `invalid stage name \`${name}\`: expected a letter, then letters, digits, \`_\`, \`.\` or \`-\``,
  );
}
