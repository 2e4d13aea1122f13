/** The variables of one stage, as they stand before the next instruction. */
import { formatPlatform, type Platform } from '../../platform.ts';

export interface Scope {
  /** What `$name` is for the builder and in the environment of RUN: the last of ENV and ARG. */
  values: Map<string, string>;
  /** ARGs with a value, for history and cache: they are not in the image's configuration. */
  args: Map<string, string>;
}

export interface OuterValues {
  /** `--build-arg`, already resolved against the caller's environment. */
  buildArgs: ReadonlyMap<string, string>;
  /** ARG before the first FROM. */
  globals: ReadonlyMap<string, string>;
  /** TARGETPLATFORM and its kind. */
  automatic: ReadonlyMap<string, string>;
}

export function emptyScope(): Scope {
  return { values: new Map(), args: new Map() };
}

export function copyScope({ values, args }: Scope): Scope {
  return { values: new Map(values), args: new Map(args) };
}

/** ENV: in force from the next instruction on, over any ARG. */
export function setEnv(scope: Scope, name: string, value: string): void {
  scope.values.set(name, value);
  scope.args.delete(name);
}

/**
 * ARG: build argument, else the default, else the global value, else an automatic one; without
 * any of them the name stays unset. A default on an automatic name wins over the automatic value.
 */
export function declareArg(
  scope: Scope,
  { name, fallback }: { name: string; fallback: string | undefined },
  outer: OuterValues,
): void {
  const value =
    outer.buildArgs.get(name) ?? fallback ?? outer.globals.get(name) ?? outer.automatic.get(name);
  if (value === undefined) return;
  scope.values.set(name, value);
  scope.args.set(name, value);
}

/** BUILDPLATFORM, TARGETPLATFORM and their parts; the variant is empty where there is none. */
export function automaticArgs(
  build: Platform,
  target: Platform,
  stage: string,
): Map<string, string> {
  const values = new Map<string, string>([['TARGETSTAGE', stage]]);
  for (const [prefix, platform] of [
    ['BUILD', build],
    ['TARGET', target],
  ] as const) {
    values.set(`${prefix}PLATFORM`, formatPlatform(platform));
    values.set(`${prefix}OS`, platform.os);
    values.set(`${prefix}ARCH`, platform.architecture);
    values.set(`${prefix}VARIANT`, platform.variant ?? '');
    values.set(`${prefix}OSVERSION`, '');
  }
  return values;
}

/** The proxy variables reach RUN without an ARG and without touching the cache. */
export const proxyNames = [
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'FTP_PROXY',
  'NO_PROXY',
  'ALL_PROXY',
].flatMap((name) => [name, name.toLowerCase()]);
