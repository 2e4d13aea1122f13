/** Where COPY takes files from: a folder of the caller's, or the file system of a stage. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { basename, dirname, relative } from 'node:path';
import { MpkitError } from '../../errors.ts';
import { openInRoot } from '../../libc.ts';
import { type IgnoreRules, readIgnoreFile } from './ignore.ts';
import type { KnownContent } from './known-content.ts';

export interface FileSource {
  rootFd: number;
  /** What of it stays out; only for folders of the caller's. */
  ignore?: IgnoreRules;
  /** `root`: everything belongs to 0:0, whoever owns it on the host. */
  owner: 'root' | 'kept';
  /** It goes with the build: no other one will see it. */
  isPassing?: true;
  /** What of it was read before. */
  known?: KnownContent;
  close: () => void;
}

/** Opens a context folder with its ignore file; `dockerfile`'s own ignore file wins entirely. */
export function openFolderSource(folder: string, dockerfile?: string): FileSource {
  const rootFd = openRoot(folder);
  try {
    const ignore = readIgnoreRules(folder, rootFd, dockerfile);
    return { rootFd, ...(ignore && { ignore }), owner: 'root', close: () => closeSync(rootFd) };
  } catch (error) {
    closeSync(rootFd);
    throw error;
  }
}

/** What came as an archive has been chosen already: BuildKit reads no ignore file of it either. */
export function openUnpackedSource(folder: string): FileSource {
  const rootFd = openRoot(folder);
  return { rootFd, owner: 'root', isPassing: true, close: () => closeSync(rootFd) };
}

function openRoot(folder: string): number {
  try {
    return openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    throw new MpkitError(
      'not-found',
      `cannot read the context \`${folder}\`: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

function readIgnoreRules(
  folder: string,
  rootFd: number,
  dockerfile: string | undefined,
): IgnoreRules | undefined {
  const own = dockerfile === undefined ? undefined : readOwnIgnoreFile(dockerfile, folder, rootFd);
  const text = own ?? readInRoot(rootFd, '/.dockerignore');
  const name = `${own === undefined ? '' : basename(dockerfile ?? '')}.dockerignore`;
  return text === undefined ? undefined : rulesOf(text, name);
}

/** The instruction that meets the pattern first is not where it is written. */
function rulesOf(text: string, name: string): IgnoreRules {
  try {
    return readIgnoreFile(text);
  } catch (error) {
    if (!(error instanceof MpkitError)) throw error;
    const { code, message, hint } = error;
    throw new MpkitError(code, `${message} in \`${name}\``, { hint });
  }
}

/** Beside a Dockerfile of the context it is part of the context, else of the Dockerfile's folder. */
function readOwnIgnoreFile(dockerfile: string, folder: string, rootFd: number) {
  const path = `${dockerfile}.dockerignore`;
  const inContext = relative(folder, path);
  if (!inContext.startsWith('../')) return readInRoot(rootFd, `/${inContext}`);
  const ownFd = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    return readInRoot(ownFd, `/${basename(path)}`);
  } finally {
    closeSync(ownFd);
  }
}

/** A link inside the context is followed inside it only: it can disclose nothing of the host. */
function readInRoot(rootFd: number, path: string): string | undefined {
  const limit = 1024 * 1024;
  let fd: number;
  try {
    fd = openInRoot(rootFd, path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    // what it keeps out must not come in because it cannot be read
    throw new MpkitError('permission-denied', `cannot read \`${path.slice(1)}\`: ${code}`, {
      cause: error,
    });
  }
  try {
    const { size } = fstatSync(fd);
    if (!fstatSync(fd).isFile() || size > limit)
      throw new MpkitError('invalid-input', `\`${path.slice(1)}\` is no regular file below 1 MiB`);
    const content = Buffer.alloc(size);
    readSync(fd, content, 0, size, 0);
    return content.toString('utf8');
  } finally {
    closeSync(fd);
  }
}
