import type { Expose, StopSignal, User, Volume, Workdir } from '../instructions.ts';
import type { DockerfileNode } from '../parse.ts';
import { syntaxError, takeArguments, takeNoFlags, takeOne } from './node.ts';

/** `WORKDIR path`; blanks belong to the path. */
export function readWorkdir(node: DockerfileNode): Workdir {
  takeNoFlags(node);
  return { kind: 'workdir', path: takeOne(node, 'a path') };
}

/** `USER user[:group]`. */
export function readUser(node: DockerfileNode): User {
  takeNoFlags(node);
  return { kind: 'user', user: takeOne(node, 'a user') };
}

/** `STOPSIGNAL signal`. */
export function readStopSignal(node: DockerfileNode): StopSignal {
  takeNoFlags(node);
  return { kind: 'stopsignal', signal: takeOne(node, 'a signal') };
}

/** `EXPOSE port[/protocol] …`. */
export function readExpose(node: DockerfileNode): Expose {
  takeNoFlags(node);
  return { kind: 'expose', ports: takeArguments(node, 1, 'a port') };
}

/** `VOLUME path …`, in words or as JSON. */
export function readVolume(node: DockerfileNode): Volume {
  takeNoFlags(node);
  const paths = takeArguments(node, 1, 'a path');
  if (paths.includes('')) throw syntaxError('`VOLUME` has an empty path');
  return { kind: 'volume', paths };
}
