/** Takes handlers away, with what would bring them back at the next boot. */
import { cpuOf } from '../table.ts';
import { bootEntries } from './boot-files.ts';
import { listHandlers, unregister } from './handlers.ts';
import { claimedCpu } from './match.ts';
import { persist, persistedInterpreters, persistedNames } from './persist/index.ts';
import { isPlaced, removeUnused } from './place.ts';
import { releaseInstance } from './prepare.ts';
import type { HostView } from './view.ts';
import { type Owner, ownersOn } from './winner.ts';

export interface UninstallReport {
  removed: { name: string; owner: Owner; comesBack: boolean }[];
  /** Boot configuration that went, by handler name. */
  forgotten: string[];
  /** What a target named and was left alone: it belongs to somebody else. */
  spared: { name: string; owner: Owner }[];
  /** Handlers that are still there. */
  remaining: { name: string; owner: Owner }[];
  /** Targets that named nothing. */
  unknown: string[];
}

/** A target is `all`, an architecture, a handler's name, or a pattern with `*` and `?`. */
export async function uninstallHandlers(
  view: HostView,
  targets: readonly string[],
  { foreign = false }: { foreign?: boolean } = {},
): Promise<UninstallReport> {
  const boot = bootEntries(view);
  const ownerOf = ownersOn(view);
  const handlers = listHandlers(view).map((handler) => ({
    handler,
    name: handler.name,
    owner: ownerOf(handler),
    architecture: claimedCpu(handler)?.architecture,
  }));
  const kept = persistedNames(view).map((name) => ({
    name,
    architecture: cpuOf(name.replace(/^mpkit-/, ''))?.architecture,
  }));
  const named = (target: string) => (each: Named) => isNamed(target, each);
  const byAny = (each: Named) => targets.some((target) => isNamed(target, each));
  const chosen = handlers.filter(byAny);
  const gone = chosen.filter(({ owner }) => owner === 'mpkit' || foreign);
  for (const { name } of gone) unregister(view, name);
  const forgotten = kept.filter(byAny).map(({ name }) => name);
  if (forgotten.length > 0)
    await persist(
      view,
      handlers
        .filter(({ name, owner }) => owner === 'mpkit' && !forgotten.includes(name))
        .filter(({ name }) => kept.some((each) => each.name === name))
        .map(({ handler }) => handler),
    );
  const left = listHandlers(view);
  const used = [...left.map(({ interpreter }) => interpreter), ...persistedInterpreters(view)];
  removeUnused(view, new Set(used.filter(isPlaced)));
  releaseInstance(view);
  return {
    removed: gone.map(({ name, owner }) => ({
      name,
      owner,
      comesBack: owner !== 'mpkit' && boot.some((each) => each.name === name),
    })),
    forgotten,
    spared: chosen
      .filter((each) => !gone.includes(each))
      .map(({ name, owner }) => ({ name, owner })),
    remaining: left.map((handler) => ({ name: handler.name, owner: ownerOf(handler) })),
    unknown: targets.filter(
      (target) => target !== 'all' && !handlers.some(named(target)) && !kept.some(named(target)),
    ),
  };
}

interface Named {
  name: string;
  architecture: string | undefined;
}

/** `all` means what serves a CPU, never Wine's or Java's handlers. */
function isNamed(target: string, { name, architecture }: Named): boolean {
  if (target === 'all') return architecture !== undefined;
  if (target === name || target === architecture) return true;
  if (!/[*?]/.test(target)) return false;
  const pattern = target.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`).test(name);
}
