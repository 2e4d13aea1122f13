/** How this host registers handlers at boot. Pure but for looking at files. */
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { at, type HostView } from '../view.ts';

/**
 * `binfmt-support`: Debian's database, where its service is in force. `systemd`: binfmt.d. The
 * others are a small unit of mpkit's own, for hosts with neither.
 */
export type BootWay = 'binfmt-support' | 'systemd' | 'systemd-unit' | 'openrc' | 'sysv';

/** Undefined where nothing is known that runs at boot, as in most containers. */
export function bootWay(view: HostView): BootWay | undefined {
  const has = (path: string) => existsSync(at(view, path));
  if (updateBinfmts(view) && hasDebianService(view)) return 'binfmt-support';
  const systemd = has('/usr/lib/systemd/systemd') || has('/lib/systemd/systemd');
  if (systemd) return systemdBinfmt(view) ? 'systemd' : 'systemd-unit';
  if (has('/sbin/openrc') || has('/usr/sbin/openrc')) return 'openrc';
  if (has('/etc/init.d') && has('/etc/rc2.d')) return 'sysv';
  return undefined;
}

export function systemdBinfmt(view: HostView): string | undefined {
  if (isMasked(view, 'systemd-binfmt.service')) return undefined;
  const places = ['/usr/lib/systemd/systemd-binfmt', '/lib/systemd/systemd-binfmt'];
  return places.find((path) => existsSync(at(view, path)));
}

export function updateBinfmts(view: HostView): string | undefined {
  const places = ['/usr/sbin/update-binfmts', '/sbin/update-binfmts', '/usr/bin/update-binfmts'];
  return places.find((path) => existsSync(at(view, path)));
}

/** The package alone says little: its service may be masked or taken out of the boot. */
function hasDebianService(view: HostView): boolean {
  if (isMasked(view, 'binfmt-support.service')) return false;
  if (existsSync(at(view, '/etc/systemd/system/multi-user.target.wants/binfmt-support.service')))
    return true;
  return ['2', '3', 'S'].some((level) => {
    const folder = at(view, `/etc/rc${level}.d`);
    return (
      existsSync(folder) && readdirSync(folder).some((name) => /^S\d+binfmt-support$/.test(name))
    );
  });
}

/**
 * What must be so for a boot to use that way, where the running system does not show it: files of
 * systemd lie in containers and image builds too.
 */
export function assumption(view: HostView, way: BootWay): string | undefined {
  if (way !== 'systemd' && way !== 'systemd-unit') return undefined;
  const name = attempt(() => readFileSync(at(view, '/proc/1/comm'), 'utf8').trim());
  if (name === undefined || name === 'systemd') return undefined;
  if (existsSync(at(view, '/run/systemd/system'))) return undefined;
  return `if this host boots with systemd; pid 1 is \`${name.replaceAll(/[^ -~]/g, '?')}\` now`;
}

/** systemd.unit(5): a link to /dev/null, or an empty file; /etc is asked first. */
function isMasked(view: HostView, unit: string): boolean {
  for (const folder of ['/etc/systemd/system', '/run/systemd/system']) {
    const path = at(view, `${folder}/${unit}`);
    if (attempt(() => readlinkSync(path)) === '/dev/null') return true;
    const size = attempt(() => statSync(path).size);
    if (size !== undefined) return size === 0;
  }
  return false;
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
