/** Small real images in a real store. */
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assembleImage } from '../../../src/builder/image/assemble.ts';
import { type Blobs, openBlobs } from '../../../src/builder/image/blobs.ts';
import { scratchConfig, withHistory, withRuntime } from '../../../src/builder/image/config.ts';
import { writeLayer } from '../../../src/builder/image/layer-write.ts';
import { parsePlatform } from '../../../src/platform.ts';
import { temporaryFolder } from './workshop.ts';

export async function newStore(): Promise<Blobs> {
  return openBlobs(temporaryFolder(), temporaryFolder());
}

/** One layer with the file `/etc/platform`, which holds the platform's name. */
export async function makeImage(blobs: Blobs, platformText: string) {
  const platform = parsePlatform(platformText);
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'etc'));
  writeFileSync(join(folder, 'etc/platform'), `${platformText}\n`);
  for (const name of ['etc/platform', 'etc']) utimesSync(join(folder, name), 1, 1);
  const layer = await writeLayer(folder, { blobs, epoch: 1 });
  const started = withRuntime(scratchConfig(platform), { Cmd: ['/bin/sh'] });
  const config = withHistory(
    { ...started, created: '1970-01-01T00:00:01Z' },
    { created: '1970-01-01T00:00:01Z', created_by: 'COPY . /etc/ # buildkit' },
  );
  const manifest = await assembleImage({ config, layers: [layer], blobs });
  return { platform, manifest, layer };
}
