/** Finds and reads the Dockerfile: a regular file, bounded. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { MpkitError } from '../errors.ts';
import { openInRoot } from '../libc.ts';

/** The names tried in a context, in this order. */
export const dockerfileNames = ['Dockerfile', 'dockerfile', 'Containerfile'];

/** The Dockerfile of a context folder; the first name where none exists. */
export function findDockerfile(context: string): string {
  const exists = (name: string) => {
    try {
      closeSync(openSync(join(context, name), constants.O_RDONLY | constants.O_NONBLOCK));
      return true;
    } catch {
      return false;
    }
  };
  return join(context, dockerfileNames.find(exists) ?? dockerfileNames[0]!);
}

const mostBytes = 4 * 1024 * 1024;

/**
 * A Dockerfile inside `context` is part of it: its links are followed in there only, because an
 * error shows its lines. Any other one is read in its own folder.
 */
export function readDockerfile(path: string, context: string): string {
  let fd: number;
  try {
    fd = openDockerfile(path, relative(context, path), context);
  } catch (cause) {
    throw new MpkitError(
      'not-found',
      `cannot read Dockerfile \`${path}\`: ${(cause as Error).message}`,
      {
        hint: 'name it with `-f FILE`; it is looked up from the working folder, not the context',
        cause,
      },
    );
  }
  try {
    const { size } = fstatSync(fd);
    if (!fstatSync(fd).isFile() || size > mostBytes)
      throw new MpkitError(
        'invalid-input',
        `Dockerfile \`${path}\` is no regular file below 4 MiB`,
      );
    const content = Buffer.alloc(size);
    readSync(fd, content, 0, size, 0);
    if (content.includes(0))
      throw new MpkitError('invalid-input', `Dockerfile \`${path}\` has a NUL byte: it is no text`);
    return content.toString('utf8');
  } finally {
    closeSync(fd);
  }
}

function openDockerfile(path: string, inContext: string, context: string): number {
  // a FIFO must not stop the build before it began
  const flags = constants.O_RDONLY | constants.O_NONBLOCK;
  const isOutside = inContext.startsWith('../');
  const root = isOutside ? dirname(path) : context;
  const rootFd = openSync(root, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    return openInRoot(rootFd, isOutside ? basename(path) : inContext, flags);
  } finally {
    closeSync(rootFd);
  }
}
