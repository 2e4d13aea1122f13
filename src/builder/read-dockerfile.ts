/** Finds and reads the Dockerfile: a regular file, bounded. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { MpkitError } from '../errors.ts';
import { O_PATH, openInRoot } from '../libc.ts';

/** The names tried in a context, in this order. */
export const dockerfileNames = ['Dockerfile', 'dockerfile', 'Containerfile'];

/** The Dockerfile of a context folder; the first name where none exists. */
export function findDockerfile(context: string): string {
  const exists = (name: string) => {
    try {
      // a link may lead to a device, which opening could set going
      closeSync(openBelow(context, name, O_PATH));
      return true;
    } catch {
      return false;
    }
  };
  return join(context, dockerfileNames.find(exists) ?? dockerfileNames[0]!);
}

/** More no Dockerfile may have. */
export const mostDockerfileBytes = 4 * 1024 * 1024;

/**
 * A Dockerfile inside `context` is part of it: its links are followed in there only, because an
 * error shows its lines. Any other one is read in its own folder. `name` is for messages.
 */
export function readDockerfile(
  path: string,
  context: string,
  { name = path, hint = whereToName } = {},
): string {
  let fd: number;
  try {
    fd = openDockerfile(path, relative(context, path), context);
  } catch (cause) {
    throw new MpkitError(
      'not-found',
      `cannot read Dockerfile \`${name}\`: ${(cause as Error).message}`,
      { hint, cause },
    );
  }
  try {
    const { size } = fstatSync(fd);
    if (!fstatSync(fd).isFile() || size > mostDockerfileBytes)
      throw new MpkitError(
        'invalid-input',
        `Dockerfile \`${name}\` is no regular file below 4 MiB`,
      );
    const content = Buffer.alloc(size);
    readSync(fd, content, 0, size, 0);
    return dockerfileText(content, name);
  } finally {
    closeSync(fd);
  }
}

export function dockerfileText(content: Buffer, name: string): string {
  if (content.includes(0))
    throw new MpkitError('invalid-input', `Dockerfile \`${name}\` has a NUL byte: it is no text`);
  return content.toString('utf8');
}

const whereToName =
  'name it with `-f FILE`; it is looked up from the working folder, not the context';

function openDockerfile(path: string, inContext: string, context: string): number {
  // a FIFO must not stop the build before it began
  const flags = constants.O_RDONLY | constants.O_NONBLOCK;
  return inContext.startsWith('../')
    ? openBelow(dirname(path), basename(path), flags)
    : openBelow(context, inContext, flags);
}

function openBelow(folder: string, name: string, flags: number): number {
  const rootFd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    return openInRoot(rootFd, name, flags);
  } finally {
    closeSync(rootFd);
  }
}
