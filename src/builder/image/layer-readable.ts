/**
 * What mpkit writes it can read: an entry that no reader of layers takes, mpkit's own included, is
 * refused where it is made, which names it while something can still be done.
 */
import { MpkitError } from '../../errors.ts';
import { longestPath, parseEntryPath } from './entry-path.ts';
import type { LayerItem } from './layer-entries.ts';
import { mostNames } from './made-tree.ts';
import { largestExtension, nameOf, paxBody, type TarEntry } from './tar-header.ts';

/** The items as they are; throws `invalid-image` naming the first that could not be unpacked. */
export function* readableItems(items: Iterable<LayerItem>): Generator<LayerItem> {
  // the root folder is a name, too
  let names = 1;
  for (const item of items) {
    if (++names > mostNames)
      throw new MpkitError('invalid-image', `one layer cannot have more than ${mostNames} files`, {
        hint: 'make them in several RUN steps, or remove in the step what only the step needs',
      });
    requireReadable(item.entry);
    yield item;
  }
}

function requireReadable(entry: TarEntry): void {
  const name = nameOf(entry);
  if (!isPath(name))
    throw unreadable(
      entry,
      `its path has ${name.length} bytes, and a path in an image`,
      longestPath,
    );
  const { length } = entry.xattrs ? paxBody(entry) : [];
  if (length > largestExtension)
    throw unreadable(
      entry,
      `its names and extended attributes have ${length} bytes, and those of a file in an image`,
      largestExtension,
    );
}

/** The reader's own word; what a hard link repeats was looked at as the entry that it is. */
function isPath(name: Buffer): boolean {
  try {
    parseEntryPath(name);
    return true;
  } catch {
    return false;
  }
}

function unreadable({ name }: TarEntry, why: string, most: number): MpkitError {
  const shown = name.length > 200 ? `${name.subarray(0, 200)}...` : name;
  return new MpkitError(
    'invalid-image',
    `\`/${shown}\` cannot be part of an image: ${why} at most ${most}`,
    { hint: 'remove it in the RUN that makes it' },
  );
}
