import type { Copy } from '../instructions.ts';
import type { DockerfileNode } from '../parse.ts';
import { refuseHereDocuments, syntaxError, takeArguments, takeFlags } from './node.ts';

/** `COPY [--from=…] [--chown=…] [--chmod=…] source … destination`, in words or as JSON. */
export function readCopy(node: DockerfileNode): Copy {
  const known = ['from', 'chown', 'chmod'];
  const flags = takeFlags(node, { known, later: ['link', 'parents', 'exclude'] });
  refuseHereDocuments(node);
  const words = takeArguments(node, 2, 'a source and a destination');
  const copy: Copy = {
    kind: 'copy',
    sources: words.slice(0, -1),
    destination: words.at(-1)!,
  };
  const [from, chown, chmod] = known.map((name) => flags.get(name));
  if (from !== undefined) copy.from = checkFrom(from);
  if (chown !== undefined) copy.chown = chown;
  if (chmod !== undefined) copy.chmod = chmod;
  return copy;
}

function checkFrom(from: string): string {
  if (!from.includes('$')) return from;
  throw syntaxError(`\`--from=${from}\` has a variable: expected a plain name`, {
    hint: 'give it a stage of its own, `FROM $IMAGE AS name`, and copy from that name',
  });
}
