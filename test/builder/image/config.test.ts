import { describe, expect, it } from 'vitest';
import {
  environmentOf,
  formatTime,
  inheritConfig,
  scratchConfig,
  withEnvironment,
  withHistory,
  withRuntime,
} from '../../../src/builder/image/config.ts';
import { parseConfig } from '../../../src/builder/image/documents.ts';

const base = parseConfig(
  Buffer.from(
    JSON.stringify({
      architecture: 'arm',
      variant: 'v7',
      os: 'linux',
      'moby.buildkit.unknown': 1,
      config: { Env: ['A=1', 'B=x=y', 'A=2'], OnBuild: ['RUN x'], Unknown: true, Labels: null },
      rootfs: { type: 'layers', diff_ids: [] },
      history: [{ created_by: 'old' }],
    }),
  ),
);

describe('configs', () => {
  it('start from scratch with the root folder and a PATH (I2)', () => {
    expect(scratchConfig({ os: 'linux', architecture: 'aarch64', variant: 'v8' })).toEqual({
      os: 'linux',
      architecture: 'arm64',
      config: {
        WorkingDir: '/',
        Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      },
      rootfs: { type: 'layers', diff_ids: [] },
      history: [],
    });
  });

  it('inherit everything but ONBUILD, and take the asked platform (G24, G27)', () => {
    const config = inheritConfig(base, { os: 'linux', architecture: 'amd64' });
    expect(config).toMatchObject({ architecture: 'amd64', 'moby.buildkit.unknown': 1 });
    expect(config).not.toHaveProperty('variant');
    expect(config.config).toEqual({ Env: ['A=1', 'B=x=y', 'A=2'], Unknown: true });
    expect(base.config?.OnBuild).toEqual(['RUN x']);
  });

  it('inherit a row of history for each layer, told or not', () => {
    const empty = { created_by: 'ENV A=1', empty_layer: true };
    const layers = (count: number) => ({
      type: 'layers' as const,
      diff_ids: Array.from({ length: count }, () => `sha256:${'0'.repeat(64)}` as const),
    });
    const rows = (count: number, history: { created_by: string }[] | null) =>
      inheritConfig(
        { ...base, rootfs: layers(count), history },
        { os: 'linux', architecture: 'arm' },
      ).history;
    const unknown = { created_by: 'unknown' };
    expect(rows(2, null)).toEqual([unknown, unknown]);
    expect(rows(2, [{ created_by: 'old' }, empty])).toEqual([
      { created_by: 'old' },
      empty,
      unknown,
    ]);
    expect(rows(1, [{ created_by: 'old' }, empty])).toEqual([{ created_by: 'old' }, empty]);
  });

  it('gain history, fields and environment without changing the old value', () => {
    const before = JSON.stringify(base);
    const environment = environmentOf(base).set('C', '3');
    const config = withHistory(
      withEnvironment(withRuntime(base, { User: 'me', Labels: undefined }), environment),
      { created_by: 'ENV C=3', empty_layer: true },
    );
    expect(config.config).toMatchObject({ User: 'me', Env: ['A=2', 'B=x=y', 'C=3'] });
    expect(config.config).not.toHaveProperty('Labels');
    expect(config.history).toHaveLength(2);
    expect(JSON.stringify(base)).toBe(before);
  });

  it('write times as RFC 3339', () => {
    expect(formatTime(0)).toBe('1970-01-01T00:00:00Z');
    expect(formatTime(1.5)).toBe('1970-01-01T00:00:01.500Z');
  });
});
