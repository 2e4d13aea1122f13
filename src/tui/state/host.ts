/** The host: what the doctor found, and the handlers. Everything here is `mpkit doctor` and `mpkit binfmt`. */
import type { Effect, Reply } from './effect.ts';
import { type Key, moveCursor } from './key.ts';
import { hasLists, parseJson } from './parse.ts';

export interface HostState {
  findings: readonly Finding[];
  tier?: { name: string; why: string };
  handlers: readonly Handler[];
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
  /** One line: owner, flags, version, works or not. */
  facts: string;
  works: boolean;
  findings: readonly string[];
}

export type HostItem =
  | { kind: 'finding'; finding: Finding }
  | { kind: 'handler'; handler: Handler };

export const hostStart: HostState = {
  findings: [],
  handlers: [],
  remarks: [],
  isLoading: true,
  showAll: false,
  cursor: 0,
};

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
      return { state, ask: install([]) };
    case 'p':
      return { state, ask: install(['--persist']) };
    case 'R':
      return { state, ask: install(['--replace']) };
    case 'u':
      return handler ? { state, ask: uninstall(handler.name) } : { state };
    case 'U':
      return { state, ask: uninstall('all') };
    default:
      return { state };
  }
}

/** What `mpkit doctor --json` and `mpkit binfmt status --json` said. */
export function hostResult(state: HostState, job: string, stdout: string): HostState {
  if (job === 'doctor') {
    const report = parseJson<{ findings: Finding[]; tier?: { name: string; why: string } }>(
      stdout,
      hasLists('findings'),
    );
    const found = report
      ? { findings: report.findings, ...(report.tier ? { tier: report.tier } : {}) }
      : {};
    return kept({ ...state, ...found, isLoading: false });
  }
  const status = parseJson<RawStatus>(stdout, hasLists('handlers', 'findings'));
  if (!status) return state;
  return kept({
    ...state,
    handlers: status.handlers.map(handlerOf),
    remarks: status.findings.map(({ text, hint }) => (hint ? `${text}: ${hint}` : text)),
  });
}

interface RawStatus {
  findings: { text: string; hint?: string }[];
  handlers: RawHandler[];
}

interface RawHandler {
  name: string;
  platform?: string | null;
  owner: string;
  version?: string | null;
  flags: string;
  enabled: boolean;
  boot?: string | null;
  works: string;
  detail: string;
  findings: { text: string }[];
}

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
    works: enabled && works === 'yes',
    facts: parts.join(', '),
    findings: [...why, ...findings.map(({ text }) => text)],
  };
}

function kept(state: HostState): HostState {
  return { ...state, cursor: Math.max(0, Math.min(state.cursor, hostItems(state).length - 1)) };
}

const fix = {
  changes: [
    'does what the doctor can do without surprises and says what it did:',
    'emulators are fetched; as root, ids are granted and binfmt_misc is mounted',
  ],
  command: ['doctor', '--fix'],
};

function install(options: string[]) {
  return {
    changes: [
      'registers emulators for every CPU, for all programs and users of this host',
      options.includes('--persist')
        ? 'writes boot configuration, so that they come back after a restart'
        : 'until the next restart; nothing is written outside of binfmt_misc and the state folder',
      ...(options.includes('--replace') ? ['handlers of others are replaced'] : []),
    ],
    command: ['binfmt', 'install', 'all', ...options],
  };
}

function uninstall(name: string) {
  return {
    changes: [
      name === 'all'
        ? 'takes away every handler that mpkit has registered, and their boot configuration'
        : `takes the handler \`${name}\` away, if it is mpkit's`,
    ],
    command: ['binfmt', 'uninstall', name],
  };
}
