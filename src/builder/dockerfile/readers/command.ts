import type { Cmd, Entrypoint, Shell } from '../instructions.ts';
import type { DockerfileNode } from '../parse.ts';
import { syntaxError, takeArguments, takeCommand, takeNoFlags } from './node.ts';

/** `CMD`, in shell or exec form; `CMD []` clears it. */
export function readCmd(node: DockerfileNode): Cmd {
  takeNoFlags(node);
  return { kind: 'cmd', command: takeCommand(node) };
}

/** `ENTRYPOINT`, in shell or exec form; `ENTRYPOINT []` clears it. */
export function readEntrypoint(node: DockerfileNode): Entrypoint {
  takeNoFlags(node);
  return { kind: 'entrypoint', command: takeCommand(node) };
}

/** `SHELL ["program", "argument", …]`. */
export function readShell(node: DockerfileNode): Shell {
  takeNoFlags(node);
  const command = takeArguments(node, 1, 'a JSON array');
  if (node.json) return { kind: 'shell', command };
  throw syntaxError(`\`SHELL\` needs a JSON array: found \`${command[0]}\``, {
    hint: 'for example `SHELL ["/bin/bash", "-c"]`',
  });
}
