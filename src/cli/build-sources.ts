/** What `CONTEXT` and `--file` name: paths, or stdin. Nothing is read from it here. */
import { statSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { isatty } from 'node:tty';
import { type BuildSources, findDockerfile } from '../builder/index.ts';
import { callersWords, hostPath } from '../caller-paths.ts';
import { MpkitError } from '../errors.ts';
import { readableFolder } from './readable.ts';
import { usageOf } from './verb.ts';

const usage = usageOf('build');

/** Throws `usage` or `not-found`. */
export function readSources(positionals: string[], file: string | undefined): BuildSources {
  const [context, ...others] = positionals;
  if (context === undefined || others.length > 0)
    throw usage(`expected one CONTEXT folder or \`-\`, found ${positionals.length}`);
  // buildx's words
  if (context === '-' && file === '-')
    throw usage("can't use stdin for both build context and dockerfile");
  if ((context === '-' || file === '-') && isatty(0))
    throw usage('stdin is a terminal: expected a pipe or a file, such as `< Dockerfile`');
  if (context === '-') return { kind: 'stdin', ...(file === undefined ? {} : { file }) };
  const folder = readableFolder(context);
  if (file === '-') return { kind: 'folder-and-stdin', context: folder };
  return {
    kind: 'folder',
    context: folder,
    file: file === undefined ? findDockerfile(folder) : readFile(file, folder),
  };
}

/** A Dockerfile of the context keeps its name there: its own links are followed in-root only. */
function readFile(path: string, context: string): string {
  const inFolder = join(hostPath(dirname(path)), basename(path));
  if (isPipe(inFolder))
    throw new MpkitError('usage', `\`${path}\` is no file: of pipes only stdin is read`, {
      hint: '`-f -` reads the Dockerfile from stdin: `mpkit build -f - CONTEXT < <(COMMAND)`',
    });
  const below = relative(callersWords(context), callersWords(inFolder));
  return below.startsWith('../') ? hostPath(path) : join(context, below);
}

/** Or a device, or a socket; what cannot be asked is found out when it is read. */
function isPipe(path: string): boolean {
  try {
    const is = statSync(path);
    return !is.isFile() && !is.isDirectory();
  } catch {
    return false;
  }
}
