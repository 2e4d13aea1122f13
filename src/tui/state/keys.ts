/** Which keys do what now, and which plain command does the same. Pure; the frame shows both. */
import type { AppState } from './app.ts';
import { benchCommand } from './bench.ts';
import { formCommand } from './build-form.ts';
import { commandLine } from './effect.ts';
import {
  choicesFor,
  chooseCommand,
  type EmulatorsState,
  measureCommand,
  shortDigest,
} from './emulators.ts';
import { runCommand } from './results.ts';

/** `inFull`: where there is room to explain. */
export type KeyHint = readonly [key: string, meaning: string, inFull?: string];

export const globalKeys: readonly KeyHint[] = [
  ['1-5 Tab', 'screens'],
  ['?', 'help'],
  ['q', 'quit'],
];

export const helpKeys: readonly KeyHint[] = [['any key', 'goes back']];

export function keysOf(state: AppState): readonly KeyHint[] {
  switch (state.screen) {
    case 'host':
      return [
        ['Up/Down', 'choose'],
        ['i', 'install all'],
        ['I', 'some', 'install some'],
        ['p', 'for every boot', 'install all for every boot'],
        ['R', 'replace', 'replace the one that is chosen'],
        ['u', 'uninstall one', 'uninstall the one that is chosen'],
        ['U', 'all', 'uninstall all'],
        ['f', 'fix', 'do what the chosen finding asks for'],
        ['a', state.host.showAll ? 'less' : 'all findings'],
        ['r', 'look again'],
      ];
    case 'emulators':
      return emulatorKeys(state);
    case 'bench':
      return state.bench.run?.status === 'running'
        ? [['x', 'stop']]
        : [
            ['Up/Down', 'choose'],
            ['Space', 'pick'],
            ['Enter', 'start'],
            ['c', 'copy the command'],
          ];
    case 'build':
      return buildKeys(state);
    case 'results':
      return resultKeys(state);
  }
}

/** What a user would type to see this; typed as it stands it changes nothing that is not shown. */
export function plainCommand(state: AppState): string {
  const { results, build } = state;
  switch (state.screen) {
    case 'host':
      return 'mpkit doctor; mpkit binfmt status';
    case 'emulators':
      return commandLine(['emulator', 'ls']);
    case 'bench':
      return commandLine(benchCommand(state.bench));
    case 'build':
      return commandLine(build.run?.command ?? formCommand(build.form));
    case 'results': {
      const run = results.open && runCommand(results.open, ['sh']);
      if (run) return commandLine(run);
      const context = results.open?.context ?? results.builds[results.cursor]?.context;
      return context === undefined
        ? 'mpkit history ls'
        : commandLine(['history', 'inspect', context]);
    }
  }
}

/** What a user would type instead of a key that changes something. */
export function keyCommands({ screen, emulators }: AppState): ReadonlyMap<string, string> {
  if (screen !== 'emulators') return new Map();
  return new Map(
    emulatorCommands(emulators).map(([key, ...words]) => [key ?? '', commandLine(words)]),
  );
}

function emulatorKeys({ emulators }: AppState): readonly KeyHint[] {
  const { use, undo } = choicesFor(emulators);
  const own: readonly KeyHint[] = [
    ['Enter', 'use it'],
    ['m', 'CPU model'],
    ['c', 'keep the fastest'],
  ];
  return [
    ['Up/Down', 'select'],
    ...(use ? own : []),
    ...(undo ? ([['d', 'undo choice']] as const) : []),
    ['a', 'add all'],
    ['n', 'add file'],
    ...(emulators.list.length > 0 ? ([['x', 'remove']] as const) : []),
    ['r', 'look again'],
  ];
}

/** Each begins with its key. */
function emulatorCommands(state: EmulatorsState): string[][] {
  const add = ['a', 'emulator', 'add'];
  const here = state.list[state.cursor];
  if (!here) return [add];
  const { architecture } = here;
  const { use, undo } = choicesFor(state);
  const digest = shortDigest(here.digest);
  return [
    add,
    ['x', 'emulator', 'rm', digest],
    ...(use
      ? [
          ['Enter', ...chooseCommand(architecture, digest)],
          ['c', ...measureCommand(architecture)],
        ]
      : []),
    ...(undo ? [['d', ...chooseCommand(architecture, '--default')]] : []),
  ];
}

function buildKeys({ build }: AppState): readonly KeyHint[] {
  if (!build.run)
    return [
      ['Up/Down', 'choose'],
      ['Enter', 'type'],
      ['Left/Right', 'suggestions'],
      ['b', 'build'],
      ['c', 'copy the command'],
    ];
  if (build.run.log)
    return [
      ['Up/Down PgUp PgDn g G', 'scroll'],
      ['Left/Right', 'sideways'],
      ['/', 'search'],
      ['n N', 'older, newer match'],
      ['Esc', 'back'],
    ];
  const isRunning = build.run.status === 'running';
  return [
    ['arrows', 'choose'],
    ['Enter', 'log'],
    ['f', 'next failure'],
    ...(isRunning
      ? ([['x', 'stop']] as const)
      : ([
          ['r', 'retry'],
          ['e', 'edit'],
        ] as const)),
    ['c', 'copy the command'],
  ];
}

function resultKeys({ results }: AppState): readonly KeyHint[] {
  if (!results.open)
    return [
      ['Up/Down', 'choose'],
      ['Enter', 'look into'],
      ['r', 'look again'],
    ];
  return [
    ['Left/Right', 'platform'],
    ['Up/Down', 'scroll'],
    ...(runCommand(results.open, ['sh'])
      ? ([
          ['s', 'shell'],
          ['c', 'run a command'],
        ] as const)
      : []),
    ['Esc', 'back'],
  ];
}
