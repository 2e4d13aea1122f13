/** `mpkit build`: progress to stderr, the digest to stdout. */
import { statSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import {
  type BuildEvent,
  type BuildResult,
  build,
  type Emit,
  type NamedContext,
} from '../builder/index.ts';
import { callersWords } from '../caller-paths.ts';
import type { Loan } from '../emulator/index.ts';
import { MpkitError } from '../errors.ts';
import { formatPlatform } from '../platform.ts';
import { readTimeout } from './build-limits.ts';
import { buildFlags, type ParsedBuild, readBuildOptions, readProgress } from './build-options.ts';
import { startRecording } from './build-record.ts';
import { withoutBuildxFlags } from './buildx-flags.ts';
import { writeMetadata } from './metadata.ts';
import { chooseProgress, openProgress } from './progress.ts';
import { readAll } from './read-all.ts';
import { callersUmask, inNamespace, parseWords, stopOnSignals, type Verb } from './verb.ts';
import { isStdout, writtenPlace } from './written.ts';

export const buildVerb: Verb = {
  help: `usage: mpkit build [options] CONTEXT | -

Builds CONTEXT/Dockerfile for each platform, without daemon, root or Docker. With -, stdin is the
context as a tar archive (plain, gzip or zstd), or else a Dockerfile that needs no context.

  --platform LIST          platforms, comma separated, repeatable (default: this machine's)
  -f, --file FILE          Dockerfile, from the working folder (default: CONTEXT/Dockerfile);
                           - is stdin
  -t, --tag NAME[:TAG]     name of the result, repeatable
  -o, --output SPEC        type=oci,dest=PATH[,tar=false]: an OCI layout as archive or folder;
                           dest=- is stdout, which then carries no digest; a field that holds
                           a comma is written in quotes: 'type=oci,"dest=a,b"'
  --build-arg NAME[=VALUE] a build argument; without =VALUE it is taken from the environment;
                           one that no ARG asks for is a warning
  --target STAGE           stage to build (default: the last)
  --build-context NAME=oci-layout://DIR[:TAG] | NAME=oci-archive:FILE[:TAG] | NAME=DIR
                           an image or a folder that FROM and COPY --from can name
  --network default|none|host   network of RUN steps (default: one of their own by pasta,
                                 else a loopback only; see README)
  --no-cache               execute every step; the results are still kept
  --metadata-file FILE     digests and descriptors of the result as JSON; as for dest, a pipe or device
                           is written into, and /dev/stdout is stdout
  --progress auto|plain|tty|rawjson|quiet
                           on stderr: lines, a live view, JSON as BuildKit's, or nothing (also -q);
                           auto is BUILDKIT_PROGRESS, else tty on a terminal, plain elsewhere and in CI
  --timeout SECONDS        end the whole build after this time (default: 86400, a day; 0: never)
  --run-timeout SECONDS    end a RUN after this time (default: 21600, six hours; 0: never)
  -m, --memory SIZE        end a RUN when its processes hold more than this together, such as 512m;
                           measured many times a second (default: nine tenths of the machine's; 0: any)
  --offline                fetch nothing, emulators included (also MPKIT_OFFLINE=1)
  --root DIR               state folder (default: MPKIT_ROOT, $XDG_DATA_HOME/mpkit, root: /var/lib/mpkit)

Other flags of docker buildx build are named in an error; those that change nothing here, such as
--pull, --provenance=false and --sbom=false, are accepted.

The same input gives the same digest: file times later than SOURCE_DATE_EPOCH (environment or
build argument; else 1980-01-01) are lowered to it. --build-arg SOURCE_DATE_EPOCH= keeps real times.

exit status: 0 built, 1 failed, 2 wrong usage, 3 this host cannot do it, 128+n stopped by signal n
`,
  execute,
};

async function execute(words: string[]): Promise<number> {
  const understood = withoutBuildxFlags(words, buildFlags);
  const { values, positionals } = parseWords('build', understood, buildFlags);
  const { asked, options, timeout } = readAll({
    asked: () => readProgress(values, process.env.BUILDKIT_PROGRESS),
    options: () => readBuildOptions(values, positionals),
    timeout: () => readTimeout(values),
  });
  const mode = chooseProgress(asked, process.stderr, process.env);
  return inNamespace(
    'build',
    words,
    {
      root: values.root,
      loans: loansOf(options, values['metadata-file']),
      quiet: mode === 'quiet' || mode === 'rawjson',
    },
    async (root) => {
      const stop = stopOnSignals();
      const limit = timeout > 0 ? [AbortSignal.timeout(timeout * 1000)] : [];
      const signal = AbortSignal.any([stop.signal, ...limit]);
      const progress = await openProgress(mode, process.stderr);
      const recording = startRecording(root, options, ['build', ...words]);
      const emit: Emit = (told) => {
        const event = inCallersWords(told);
        recording.emit(event);
        progress.emit(event);
        // a view knows its steps from the plan
        if (event.type === 'plan') progress.remember(recording.lastTimes());
      };
      if (options.outputs.length === 0)
        emit({
          type: 'notice',
          text: 'no output given: the result stays in the cache; use -o type=oci,dest=PATH',
        });
      try {
        const result = await build({ ...options, root, umask: callersUmask, signal }, emit);
        progress.close(shownImages(result));
        recording.end('done', result);
        const metadata = values['metadata-file'];
        if (metadata !== undefined)
          await writeMetadata(metadata, { result, steps: recording.steps(), signal });
        // nothing is left to stop: whoever does not read stdout may be left
        stop.release();
        if (result.digest && !isArchive(options)) process.stdout.write(`${result.digest}\n`);
        return 0;
      } catch (error) {
        progress.close();
        if (signal.aborted && (isArchive(options) || isStdout(values['metadata-file'] ?? '')))
          leaveStdout();
        const code = stop.code();
        recording.end(code === undefined ? 'failed' : 'stopped');
        if (code === undefined && limit.some(({ aborted }) => aborted)) throw tooLong(timeout);
        if (code === undefined) throw error;
        process.stderr.write('mpkit: stopped; finished steps are kept\n');
        return code;
      }
    },
  );
}

/** What names the destination speaks of the caller's. */
function inCallersWords(event: BuildEvent): BuildEvent {
  if (event.type === 'notice') return { ...event, text: callersWords(event.text) };
  if (event.type === 'failed') return { ...event, message: callersWords(event.message) };
  if (event.type === 'transfer') return { ...event, id: callersWords(event.id) };
  return event;
}

function isArchive({ outputs }: ParsedBuild): boolean {
  return outputs.some(({ dest }) => dest === '-');
}

/** Whoever reads it may never take the rest. What there is to say has been said by then. */
function leaveStdout(): void {
  setImmediate(() => process.exit());
}

function tooLong(seconds: number): MpkitError {
  return new MpkitError('step-timeout', `the build did not end within ${seconds} s`, {
    hint: '`--timeout SECONDS` allows more, 0 any time; finished steps are kept',
  });
}

function shownImages({ images }: BuildResult) {
  return images.map(({ platform, digest }) => ({ platform: formatPlatform(platform), digest }));
}

/** What the inside must be able to read, and the folders that results are written into. */
function loansOf({ sources, contexts, outputs }: ParsedBuild, metadata?: string): Loan[] {
  const own = sources.kind === 'stdin' ? [] : [sources.context];
  const isBeside =
    sources.kind === 'folder' && relative(sources.context, sources.file).startsWith('../');
  const beside = isBeside ? [dirname(sources.file)] : [];
  const read = [...own, ...beside, ...[...contexts.values()].map(placeOf)];
  const files = outputs.flatMap(({ dest }) => (dest === '-' ? [] : [dest]));
  const written = [...files, ...(metadata && !isStdout(metadata) ? [writtenPlace(metadata)] : [])];
  return [
    ...read.filter(exists).map((path) => ({ path, access: 'read' as const })),
    ...written.map((dest) => ({ path: dirname(dest), access: 'write' as const })),
  ];
}

function placeOf(context: NamedContext): string {
  return context.kind === 'folder' ? context.path : context.folder;
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
