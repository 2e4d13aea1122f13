/**
 * An image must hold what it claims to be: its entry point, its shell and the loaders they name
 * are for the CPU of its platform. Scripts are followed to their interpreters.
 */
import { cpuOf, findProgram, type Places } from '../../binfmt/index.ts';
import { MpkitError } from '../../errors.ts';
import { formatPlatform, type Platform } from '../../platform.ts';
import { defaultPath, environmentOf } from './config.ts';
import type { ImageConfig } from './documents.ts';

export interface TruthCheck {
  /** Of the image's merged root folder; stays open. */
  rootFd: number;
  config: ImageConfig;
  platform: Platform;
  /** What the last stage was made for: `FROM --platform` can name another one. */
  stagePlatform?: Platform;
}

/**
 * Throws `untruthful-image`. What is missing, or is neither ELF nor script, proves nothing and
 * passes, as does every image for a CPU that mpkit does not know. A 32-bit program is refused in a
 * 64-bit image where it would be the entry point, the shell or a loader: such an image is a 32-bit
 * one, and claiming otherwise misleads whoever picks images by platform. No other file is looked
 * at, so multilib images stay possible.
 */
export function checkTruthful(check: TruthCheck): void {
  const { rootFd, config, platform } = check;
  if (!cpuOf(platform.architecture)) return;
  const places = placesOf(config);
  const pending = startingPoints(config);
  for (let followed = 0; followed < mostPrograms; followed++) {
    const path = pending.shift();
    if (path === undefined) return;
    const program = findProgram(rootFd, path, places);
    if (!program) continue;
    const { elf, architecture, next } = program;
    if (elf && architecture !== platform.architecture)
      throw untruthful(program.path, architecture, check);
    pending.push(...next);
  }
}

/** Entry point and shell, one interpreter or loader after the other. */
const mostPrograms = 12;

function startingPoints({ config }: ImageConfig): string[] {
  const argv = config?.Entrypoint?.length ? config.Entrypoint : config?.Cmd;
  return [argv?.[0], config?.Shell?.[0] ?? '/bin/sh'].filter((path) => path !== undefined);
}

/** Where the running image would look. */
function placesOf(config: ImageConfig): Places {
  return {
    directory: config.config?.WorkingDir ?? '/',
    searchPath: environmentOf(config).get('PATH') ?? defaultPath,
  };
}

function untruthful(
  path: string,
  found: string | undefined,
  { platform, stagePlatform = platform }: TruthCheck,
): MpkitError {
  const [claim, stage] = [platform, stagePlatform].map(formatPlatform);
  const hint =
    claim === stage
      ? 'compile it for `$TARGETARCH`, or copy it from a stage of the target platform'
      : `the last stage is \`FROM --platform=${stage}\`: ask for \`--platform ${stage}\`, or leave one of the two out`;
  return new MpkitError(
    'untruthful-image',
    `\`${path}\` is ${found ?? 'for another kind of CPU'}, but the image claims ${claim}`,
    { hint },
  );
}
