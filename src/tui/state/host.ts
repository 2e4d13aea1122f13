/** The host: what the doctor found, and the handlers. Everything here is `mpkit doctor` and `mpkit binfmt`. */
import type { Effect, Question, Reply } from './effect.ts';
import { type HandlersSeen, installChanges, uninstallChanges } from './handler-changes.ts';
import type { PlatformsSeen } from './host-platforms.ts';
import { type Key, moveCursor } from './key.ts';
import { hasLists, parseJson } from './parse.ts';

export interface HostState {
  findings: readonly Finding[];
  tier?: { name: string; why: string };
  /** Undefined before the doctor has looked. */
  platforms?: PlatformsSeen;
  handlers: readonly Handler[];
  /** What the last look at the handlers told; undefined before it. */
  seen?: HandlersSeen;
  /** `linux/amd64`: this machine's. */
  platform: string;
  /** Whether we may change the handlers. */
  isRoot: boolean;
  /** What is wrong with the instance as a whole. */
  remarks: readonly string[];
  isLoading: boolean;
  showAll: boolean;
  cursor: number;
}

export interface Finding {
  id: string;
  subject?: string;
  result: string;
  observed: string;
  remedy?: string;
}

export interface Handler {
  name: string;
  /** `linux/arm64`, where it serves a CPU. */
  platform?: string;
  owner: string;
  /** One line: owner, flags, version, works or not. */
  facts: string;
  works: boolean;
  findings: readonly string[];
}

export type HostItem =
  | { kind: 'finding'; finding: Finding }
  | { kind: 'handler'; handler: Handler };

export function startHost(self: Pick<HostState, 'platform' | 'isRoot'>): HostState {
  return {
    ...self,
    ...{ findings: [], handlers: [], remarks: [] },
    ...{ isLoading: true, showAll: false, cursor: 0 },
  };
}

export const hostReload: readonly Effect[] = [
  { type: 'run', job: 'doctor', command: ['doctor', '--json', '--all'] },
  { type: 'run', job: 'handlers', command: ['binfmt', 'status', '--json'] },
];

const order = ['problem', 'cannot tell', 'warning', 'note', 'ok'];

/** The worst first; what is well only where it is asked for. */
export function hostItems({ findings, handlers, showAll }: HostState): HostItem[] {
  const shown = findings
    .filter(({ result }) => showAll || result !== 'ok')
    .toSorted((a, b) => order.indexOf(a.result) - order.indexOf(b.result));
  return [
    ...shown.map((finding): HostItem => ({ kind: 'finding', finding })),
    ...handlers.map((handler): HostItem => ({ kind: 'handler', handler })),
  ];
}

export function hostKey(state: HostState, key: Key): Reply<HostState> {
  const items = hostItems(state);
  const moved = moveCursor(state.cursor, key, items.length);
  if (moved !== undefined) return { state: { ...state, cursor: moved } };
  const item = items[state.cursor];
  const handler = item?.kind === 'handler' ? item.handler : undefined;
  switch (key.text) {
    case 'a':
      return { state: { ...state, showAll: !state.showAll, cursor: 0 } };
    case 'r':
      return { state: { ...state, isLoading: true }, effects: hostReload };
    case 'f':
      return { state, ask: fix };
    case 'i':
      return asRoot(state, install(state, ['all']));
    case 'I':
      return { state, prompt: { ...whichCpus, value: cpuOf(handler) } };
    case 'p':
      return asRoot(state, install(state, ['all', '--persist']));
    case 'R':
      return asRoot(state, install(state, [cpuOf(handler) || 'all', '--replace']));
    case 'u':
      return handler ? uninstallOne(state, handler) : { state };
    case 'U':
      return asRoot(state, uninstall(state, 'all'));
    default:
      return { state };
  }
}

/** The CPUs that were typed after `I`. */
export function installTyped(state: HostState, text: string): Reply<HostState> {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  return words.length > 0 ? asRoot(state, install(state, words)) : { state };
}

/** What `mpkit doctor --json` and `mpkit binfmt status --json` said. */
export function hostResult(state: HostState, job: string, stdout: string): HostState {
  if (job === 'doctor') {
    const report = parseJson<Pick<HostState, 'findings' | 'tier' | 'platforms'>>(
      stdout,
      hasLists('findings'),
    );
    const { findings, tier, platforms } = report ?? {};
    const found = {
      ...(findings ? { findings } : {}),
      ...(tier ? { tier } : {}),
      ...(hasLists('usable', 'unusable')(platforms) ? { platforms } : {}),
    } as Partial<HostState>;
    return following(state, { ...state, ...found, isLoading: false });
  }
  const status = parseJson<RawStatus>(stdout, hasLists('handlers', 'findings', 'platforms'));
  if (!status) return state;
  return following(state, {
    ...state,
    handlers: status.handlers.map(handlerOf),
    seen: status,
    remarks: status.findings.map(({ text, hint }) => (hint ? `${text}: ${hint}` : text)),
  });
}

interface RawStatus extends HandlersSeen {
  findings: { text: string; hint?: string }[];
  handlers: RawHandler[];
}

type RawHandler = HandlersSeen['handlers'][number] & {
  version?: string | null;
  flags: string;
  enabled: boolean;
  detail: string;
};

const worksWords = new Map([
  ['yes', 'works'],
  ['here-only', 'works here, not in containers'],
  ['no', 'DOES NOT WORK'],
  ['shadowed', 'hidden by another'],
]);

function handlerOf(raw: RawHandler): Handler {
  const { name, platform, owner, version, flags, enabled, boot, works, detail, findings } = raw;
  const parts = [
    platform ?? 'no CPU',
    enabled ? (worksWords.get(works) ?? 'not tried') : 'disabled',
    `of ${owner}`,
    ...(version ? [`QEMU ${version}`] : []),
    `flags ${flags || 'none'}`,
    boot ? 'comes back at boot' : 'until restart',
  ];
  const why = works === 'no' || works === 'here-only' ? [detail] : [];
  return {
    name,
    owner,
    ...(platform ? { platform } : {}),
    works: enabled && works === 'yes',
    facts: parts.join(', '),
    findings: [...why, ...findings.map(({ text }) => text)],
  };
}

/** What was chosen stays chosen when a list grows or shrinks by itself; the top stays the top. */
function following(before: HostState, after: HostState): HostState {
  const items = hostItems(after).map(nameOf);
  const chosen = hostItems(before)[before.cursor];
  const at = chosen && before.cursor > 0 ? items.indexOf(nameOf(chosen)) : -1;
  return { ...after, cursor: Math.max(0, at < 0 ? Math.min(after.cursor, items.length - 1) : at) };
}

function nameOf(item: HostItem): string {
  if (item.kind === 'handler') return `handler ${item.handler.name}`;
  return `finding ${item.finding.id} ${item.finding.subject ?? ''}`;
}

const fix = {
  changes: [
    'does what the doctor can do without surprises and says what it did:',
    'emulators are fetched; as root, ids are granted and binfmt_misc is mounted',
  ],
  command: ['doctor', '--fix'],
};

const whichCpus = {
  label: 'CPUs to install handlers for, as `arm64 riscv64`',
  purpose: 'install',
};

/** The words of the command: CPUs or `all`, then flags. */
function install(state: HostState, words: readonly string[]): Question {
  return {
    changes: installChanges(state.seen, { words, own: state.platform }),
    command: ['binfmt', 'install', ...words],
  };
}

function uninstall(state: HostState, name: string): Question {
  return {
    changes: uninstallChanges(state.seen, name),
    command: ['binfmt', 'uninstall', name],
  };
}

function uninstallOne(state: HostState, { name, owner }: Handler): Reply<HostState> {
  const ask = uninstall(state, name);
  if (owner === 'mpkit') return asRoot(state, ask);
  const why = [
    `the handler \`${name}\` is not mpkit's, its owner is ${owner}: this takes it away nevertheless`,
  ];
  return { state, refuse: { why, command: [...ask.command, '--foreign'], asRoot: !state.isRoot } };
}

function asRoot(state: HostState, ask: Question): Reply<HostState> {
  if (state.isRoot) return { state, ask };
  const why = ['only root may change the handlers of the whole host; it', ...ask.changes];
  return { state, refuse: { why, command: ask.command, asRoot: true } };
}

/** `arm64` of `linux/arm64`. */
function cpuOf(handler: Handler | undefined): string {
  return handler?.platform?.replace('linux/', '') ?? '';
}
