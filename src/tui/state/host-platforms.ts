/** The platforms that the doctor executed just then, as the Host screen tells them. */

export interface PlatformsSeen {
  usable: readonly SeenPlatform[];
  unusable: readonly SeenPlatform[];
}

interface SeenPlatform {
  platform: string;
  way: string;
  executed: boolean;
  detail: string;
}

export interface PlatformRow {
  platform: string;
  how: 'native' | 'emulated' | 'not here';
  detail: string;
}

/** What runs first, native before emulated; an emulator of the whole host is one too. */
export function platformRows({ usable, unusable }: PlatformsSeen): PlatformRow[] {
  const rows = usable.map((seen): PlatformRow => {
    const how = seen.way.startsWith('native') ? 'native' : 'emulated';
    return { platform: seen.platform, how, detail: triedDetail(seen) };
  });
  const others = unusable.map((seen): PlatformRow => {
    return { platform: seen.platform, how: 'not here', detail: triedDetail(seen) };
  });
  const native = rows.filter(({ how }) => how === 'native');
  return [...native, ...rows.filter(({ how }) => how === 'emulated'), ...others];
}

function triedDetail({ detail, executed }: SeenPlatform): string {
  return executed ? detail : `${detail}, not executed`;
}

/**
 * A line for each way that there is, for windows without room for a table; without `linux/`, which
 * all begin with, so that every CPU fits into 80 columns.
 */
export function platformSummary(rows: readonly PlatformRow[]): string[] {
  return (['native', 'emulated', 'not here'] as const).flatMap((how) => {
    const those = rows.filter((row) => row.how === how);
    const names = those.map(({ platform }) => platform.replace(/^linux\//, ''));
    return names.length > 0 ? [`${how}: ${names.join(', ')}`] : [];
  });
}
