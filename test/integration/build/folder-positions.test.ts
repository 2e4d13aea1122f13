/** 32-bit programs without large-file support, emulated by a 64-bit QEMU, must be able to list folders. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { workplace } from './workplace.ts';

const place = workplace();
afterAll(place.remove);

/** Fails where a position of a folder is more than 31 bits, as QEMU would have to pass it on. */
const program = `
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
struct entry { unsigned long ino; long off; unsigned short size; };
int main(int count, char **words) {
  static _Alignas(8) char buffer[65536];
  int bad = 0;
  for (int i = 1; i < count; i++) {
    int fd = open(words[i], O_RDONLY | O_DIRECTORY), names = 0;
    long size;
    if (fd < 0) return 2;
    while ((size = syscall(SYS_getdents64, fd, buffer, sizeof buffer)) > 0)
      for (long at = 0; at < size; at += ((struct entry *)(buffer + at))->size, names++)
        if (((struct entry *)(buffer + at))->off > 0x7fffffffL) bad = 1;
    printf("%s %d %s\\n", words[i], names, bad ? "large" : "small");
  }
  return bad;
}`;

it('shows folders of finished steps with positions of 31 bits, and changes no image by that', async () => {
  place.write({ 'small/list.c': program });
  const folder = join(place.folder, 'small');
  execFileSync('gcc', ['-static', '-o', join(folder, 'list'), join(folder, 'list.c')]);
  const built = await place.build({
    context: 'small',
    dockerfile: [
      'FROM base AS made',
      'COPY list /list',
      'RUN mkdir -p /fresh/below && touch /fresh/1 /fresh/2 /fresh/3 /fresh/below/4',
      'RUN /list / /bin /fresh /fresh/below',
      'RUN mv /fresh /moved && rm -r /moved/below && mkdir /moved/below && rmdir /moved/below',
      'FROM base',
      'COPY --from=made /moved /moved',
    ].join('\n'),
    args: ['--progress', 'plain'],
  });
  expect(built.exitCode, built.stderr).toBe(0);
  expect(built.image().entry('moved/3')).toBeDefined();
  expect(built.image().entry('moved/below')).toBeUndefined();
});
