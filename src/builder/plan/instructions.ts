/** One function for each instruction: what it changes in a stage's state. Pure. */
import { posix } from 'node:path';
import { MpkitError } from '../../errors.ts';
import { type Command, expandWord, expandWords, type Instruction } from '../dockerfile/index.ts';
import type { Label } from './base.ts';
import { parsePort, parseSignal } from './checks.ts';
import { declareArg, type OuterValues, setEnv } from './scope.ts';
import {
  environmentOf,
  type RuntimeConfig,
  type StageState,
  setEnvironment,
  setUserKey,
} from './stage-state.ts';
import { makeVertex, type Op, type Vertex } from './vertex.ts';

export interface StageContext {
  outer: OuterValues;
  escape: string;
  epoch: number | undefined;
  network: 'default' | 'none' | 'host';
  label: Label;
  /** The source of `COPY --from`: a vertex, or a named context's name. */
  copySource: (from: string | undefined) => Promise<Vertex | { context: string }>;
}

/** Changes `state` by one instruction; FROM is the caller's. */
export async function applyInstruction(
  state: StageState,
  instruction: Instruction,
  context: StageContext,
): Promise<void> {
  const { config } = state.image;
  const word = (raw: string) =>
    expandWord(raw, (name) => state.scope.values.get(name), context.escape);
  const metadata = (text: string) => note(state, text, true);
  switch (instruction.kind) {
    case 'arg':
      for (const { name, default: fallback } of instruction.args) {
        const key = word(name);
        const value = fallback === undefined ? undefined : word(fallback);
        declareArg(state.scope, { name: key, fallback: value }, context.outer);
      }
      return;
    case 'env': {
      const pairs = instruction.pairs.map(([key, value]) => [word(key), word(value)] as const);
      for (const [name, value] of pairs) {
        checkName(name);
        setEnv(state.scope, name, value);
        setEnvironment(config, name, value);
      }
      return metadata(`ENV ${joinPairs(pairs)}`);
    }
    case 'label': {
      const pairs = instruction.pairs.map(([key, value]) => [word(key), word(value)] as const);
      for (const [key, value] of pairs) config.Labels = setUserKey(config.Labels, key, value);
      return metadata(`LABEL ${joinPairs(pairs)}`);
    }
    case 'run':
      return run(state, instruction, context);
    case 'copy':
      return copy(state, instruction, context, word);
    case 'workdir':
      return workdir(state, word(instruction.path), context);
    case 'user':
      config.User = required(word(instruction.user), 'USER');
      return metadata(`USER ${config.User}`);
    case 'expose': {
      const words = instruction.ports.flatMap((raw) =>
        expandWords(raw, (name) => state.scope.values.get(name), context.escape),
      );
      for (const port of words.flatMap(parsePort))
        config.ExposedPorts = setUserKey(config.ExposedPorts, port, {});
      return metadata(`EXPOSE ${words.join(' ')}`);
    }
    case 'volume': {
      const paths = instruction.paths.map((raw) => required(word(raw), 'VOLUME'));
      for (const path of paths) config.Volumes = setUserKey(config.Volumes, path, {});
      return metadata(`VOLUME ${JSON.stringify(paths)}`);
    }
    case 'stopsignal':
      config.StopSignal = parseSignal(word(instruction.signal));
      return metadata(`STOPSIGNAL ${config.StopSignal}`);
    case 'shell':
      state.shell = instruction.command;
      config.Shell = instruction.command;
      return metadata(`SHELL ${JSON.stringify(instruction.command)}`);
    case 'cmd':
      config.Cmd = argvOf(instruction.command, state.shell);
      config.ArgsEscaped = true;
      state.ownCommand = true;
      return metadata(`CMD ${JSON.stringify(config.Cmd)}`);
    case 'entrypoint':
      config.Entrypoint = argvOf(instruction.command, state.shell);
      if (!state.ownCommand) config.Cmd = null;
      return metadata(`ENTRYPOINT ${JSON.stringify(config.Entrypoint)}`);
    case 'from':
      throw new Error('FROM starts a stage');
  }
}

function run(
  state: StageState,
  instruction: Extract<Instruction, { kind: 'run' }>,
  context: StageContext,
): void {
  const { config } = state.image;
  const argv = argvOf(instruction.command, state.shell);
  if (argv.length === 0) throw new MpkitError('dockerfile-syntax', 'RUN needs a command');
  const environment = new Map([...environmentOf(config), ...state.scope.args]);
  if (context.epoch !== undefined && !environment.has('SOURCE_DATE_EPOCH'))
    environment.set('SOURCE_DATE_EPOCH', String(context.epoch));
  advance(state, context, instruction.original, {
    kind: 'run',
    argv,
    environment: [...environment].sort(([a], [b]) => (a < b ? -1 : 1)),
    directory: config.WorkingDir || '/',
    user: config.User ?? '',
    network: instruction.network ?? context.network,
    platform: state.platform,
    epoch: context.epoch,
  });
  const args = [...state.scope.args].map(([name, value]) => `${name}=${value}`);
  const prefix = args.length > 0 ? `|${args.length} ${args.join(' ')} ` : '';
  note(state, `RUN ${prefix}${argv.join(' ')}`, false);
}

async function copy(
  state: StageState,
  instruction: Extract<Instruction, { kind: 'copy' }>,
  context: StageContext,
  word: (raw: string) => string,
): Promise<void> {
  const source = await context.copySource(instruction.from);
  const sources = instruction.sources.map((raw) => required(word(raw), 'COPY'));
  const destination = word(instruction.destination);
  const op: Op = {
    kind: 'copy',
    sources: sources.map(sourcePath),
    destination: destinationPath(destination, state.image.config),
    from: 'op' in source ? 'input' : source,
    chown: instruction.chown === undefined ? undefined : word(instruction.chown),
    chmod: instruction.chmod === undefined ? undefined : parseMode(word(instruction.chmod)),
    epoch: context.epoch,
  };
  advance(state, context, instruction.original, op, 'op' in source ? [source] : []);
  note(state, `COPY ${[...sources, destination].join(' ')}`, false);
}

function workdir(state: StageState, path: string, context: StageContext): void {
  const { config } = state.image;
  const absolute = clean(posix.resolve(config.WorkingDir || '/', required(path, 'WORKDIR')));
  config.WorkingDir = absolute;
  if (absolute === '/') {
    note(state, 'WORKDIR /', true);
    return;
  }
  advance(state, context, `WORKDIR ${absolute}`, {
    kind: 'workdir',
    path: absolute,
    user: config.User ?? '',
    epoch: context.epoch,
  });
  note(state, `WORKDIR ${absolute}`, false);
}

/** The stage's file system becomes the result of `op` on it. */
function advance(
  state: StageState,
  context: StageContext,
  text: string,
  op: Op,
  others: Vertex[] = [],
): void {
  state.vertex = makeVertex(op, [state.vertex, ...others], context.label(text));
}

function note(state: StageState, text: string, isEmpty: boolean): void {
  state.history.push({
    created_by: text,
    comment: 'mpkit.dockerfile.v0',
    ...(isEmpty ? { empty_layer: true } : {}),
  });
}

function argvOf(command: Command, shell: string[]): string[] {
  return command.form === 'exec' ? command.argv : [...shell, command.text];
}

/** Leading `/` and `..` are clamped to the root of the source. */
function sourcePath(path: string): string {
  const cleaned = clean(posix.resolve('/', path));
  return path.endsWith('/') && cleaned !== '/' ? `${cleaned}/` : cleaned;
}

function destinationPath(path: string, config: RuntimeConfig): string {
  const absolute = clean(posix.resolve(config.WorkingDir || '/', path));
  const isFolder = path === '' || path === '.' || /(^|\/)\.{0,2}$/.test(path);
  return isFolder && absolute !== '/' ? `${absolute}/` : absolute;
}

function clean(path: string): string {
  return posix.normalize(path);
}

function parseMode(text: string): number {
  if (/^0?[0-7]{1,4}$/.test(text)) return Number.parseInt(text, 8);
  throw new MpkitError('dockerfile-syntax', `invalid mode \`${text}\` in \`--chmod\``, {
    hint: 'expected an octal mode from 0 to 7777; symbolic modes are not supported yet',
  });
}

function required(value: string, instruction: string): string {
  if (value !== '') return value;
  throw new MpkitError(
    'dockerfile-syntax',
    `${instruction} is empty after expanding its variables`,
  );
}

function checkName(name: string): void {
  if (name === '' || name.includes('=') || name.includes('\0'))
    throw new MpkitError('dockerfile-syntax', `invalid variable name \`${name}\``);
}

function joinPairs(pairs: (readonly [string, string])[]): string {
  return pairs.map(([key, value]) => `${key}=${value}`).join(' ');
}
