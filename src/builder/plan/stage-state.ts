/** What a stage is after some of its instructions: file system, configuration, variables. */
import type { Platform } from '../../platform.ts';
import { copyScope, type Scope } from './scope.ts';
import type { Vertex } from './vertex.ts';

export interface StageState {
  /** The platform whose programs its RUN steps execute. */
  platform: Platform;
  vertex: Vertex;
  /** The whole image configuration document (image-spec, config.md); `config` is the runtime part. */
  image: ImageDocument;
  /** Rows of `history`, the base's first. */
  history: HistoryRow[];
  scope: Scope;
  shell: string[];
  /** CMD was set in this stage, so ENTRYPOINT leaves it alone. */
  ownCommand: boolean;
}

export interface HistoryRow {
  created?: string;
  created_by?: string;
  comment?: string;
  empty_layer?: boolean;
  [other: string]: unknown;
}

/** Unknown fields of a base survive. */
export interface ImageDocument {
  [other: string]: unknown;
  config: RuntimeConfig;
}

export interface RuntimeConfig {
  User?: string;
  ExposedPorts?: Record<string, object>;
  Env?: string[];
  Entrypoint?: string[] | null;
  Cmd?: string[] | null;
  Volumes?: Record<string, object>;
  WorkingDir?: string;
  Labels?: Record<string, string>;
  StopSignal?: string;
  Shell?: string[];
  ArgsEscaped?: boolean;
  OnBuild?: string[] | null;
  [other: string]: unknown;
}

export const defaultShell = ['/bin/sh', '-c'];
export const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** A copy that a later stage can go on from without changing this one. */
export function forkState(state: StageState): StageState {
  return {
    ...state,
    image: structuredClone(state.image),
    history: [...state.history],
    scope: copyScope(state.scope),
    shell: [...state.shell],
  };
}

/** Environment of the image as pairs, in its own order. */
export function environmentOf(config: RuntimeConfig): [string, string][] {
  return (config.Env ?? []).map((entry) => {
    const at = entry.indexOf('=');
    return at < 0 ? [entry, ''] : [entry.slice(0, at), entry.slice(at + 1)];
  });
}

/** Replaces in place or appends: the order of the base is kept. */
export function setEnvironment(config: RuntimeConfig, name: string, value: string): void {
  const entries = config.Env ?? [];
  const at = entries.findIndex((entry) => entry.startsWith(`${name}=`) || entry === name);
  if (at < 0) entries.push(`${name}=${value}`);
  else entries[at] = `${name}=${value}`;
  config.Env = entries;
}

/** A record whose keys users name: without a prototype, so that `__proto__` is a key like others. */
export function setUserKey<T>(record: Record<string, T> | undefined, key: string, value: T) {
  const entries = new Map(Object.entries(record ?? {}));
  entries.set(key, value);
  const result: Record<string, T> = Object.create(null);
  for (const [name, each] of entries)
    Object.defineProperty(result, name, { value: each, enumerable: true, writable: true });
  return result;
}
