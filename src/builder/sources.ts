/** A build's Dockerfile, read, and its context, ready to be opened, wherever both come from. */
import { closeSync, constants, openSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Scratch } from '../emulator/index.ts';
import { MpkitError } from '../errors.ts';
import { type FileSource, openFolderSource, openUnpackedSource } from './context/index.ts';
import { type Dockerfile, parseDockerfile } from './dockerfile/index.ts';
import { archiveForm, archiveFormBytes, unpackArchive } from './image/index.ts';
import type { BuildSources } from './options.ts';
import {
  dockerfileText,
  findDockerfile,
  mostDockerfileBytes,
  readDockerfile,
} from './read-dockerfile.ts';
import { peekStdin } from './stdin.ts';

export interface OpenedSources {
  dockerfile: Dockerfile;
  openContext: () => FileSource;
}

interface Surroundings {
  scratch: Scratch;
  signal: AbortSignal;
}

/** What stdin holds is kept in `scratch`; waiting for it ends with `signal`. */
export async function openSources(
  sources: BuildSources,
  surroundings: Surroundings,
): Promise<OpenedSources> {
  if (sources.kind === 'stdin') return openStdin(sources, surroundings);
  const { context } = sources;
  if (sources.kind === 'folder-and-stdin') {
    const { all } = await peekStdin(surroundings.signal, 0);
    return { dockerfile: await readStdin(all), openContext: () => openFolderSource(context) };
  }
  const { file } = sources;
  return {
    dockerfile: parseDockerfile(readDockerfile(file, context), file),
    openContext: () => openFolderSource(context, file),
  };
}

/** An archive that cannot be unpacked is an error: it never counts as a Dockerfile. */
async function openStdin(
  { file }: { file?: string },
  { scratch, signal }: Surroundings,
): Promise<OpenedSources> {
  const { first, all } = await peekStdin(signal, archiveFormBytes);
  if (first.length === 0)
    throw new MpkitError('invalid-input', 'stdin is empty: expected an archive or a Dockerfile');
  const compression = archiveForm(first);
  const context = scratch.make('context');
  if (compression === undefined) {
    // buildx's words
    if (file !== undefined)
      throw new MpkitError(
        'usage',
        'ambiguous Dockerfile source: both stdin and flag correspond to Dockerfiles',
        { hint: 'leave `-f` out, or send an archive that holds the file' },
      );
    return { dockerfile: await readStdin(all), openContext: () => openUnpackedSource(context) };
  }
  if (compression === 'bzip2' || compression === 'xz')
    throw new MpkitError('not-supported', `archives packed by ${compression} are not supported`, {
      hint: `unpack it on the way: \`${compression} -dc FILE | mpkit build -\``,
    });
  const rootFd = openSync(context, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const name = 'the archive on stdin';
    await unpackArchive({ packed: all, compression, rootFd, name, signal });
  } finally {
    closeSync(rootFd);
  }
  return {
    dockerfile: readUnpacked(context, file),
    openContext: () => openUnpackedSource(context),
  };
}

/** The name is one of the archive, so `..` leads nowhere. */
function readUnpacked(context: string, file: string | undefined): Dockerfile {
  const path = file === undefined ? findDockerfile(context) : join(context, join('/', file));
  const name = relative(context, path);
  const hint = 'it is looked up in the archive; `-f NAME` names another one in there';
  return parseDockerfile(readDockerfile(path, context, { name, hint }), name);
}

async function readStdin(all: AsyncIterable<Buffer>): Promise<Dockerfile> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of all) {
    size += part.length;
    if (size > mostDockerfileBytes)
      throw new MpkitError('invalid-input', 'the Dockerfile on stdin has more than 4 MiB');
    parts.push(part);
  }
  return parseDockerfile(dockerfileText(Buffer.concat(parts), '-'), '-');
}
