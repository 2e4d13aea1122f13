/* Ten small files: written, read again, compared and removed. */
#include "bench.h"

enum { FILES = 10, SIZE = 700 };

static int one_file(const char *name, u8 first) {
  static u8 bytes[SIZE], found[SIZE];
  for (u32 at = 0; at < SIZE; at++) bytes[at] = (u8)(first + at), found[at] = 0;
  int file = create(name);
  if (file < 0 || !write_all(file, bytes, SIZE) || close_file(file) != 0) return 0;
  file = reopen(name);
  if (file < 0 || !read_all(file, found, SIZE) || close_file(file) != 0) return 0;
  for (u32 at = 0; at < SIZE; at++)
    if (found[at] != bytes[at]) return 0;
  return unlink_file(name) == 0;
}

u32 file_round(void) {
  char name[] = "bench-0";
  u32 right = 0;
  for (u32 n = 0; n < FILES; n++) {
    name[6] = (char)('0' + n);
    right += (u32)one_file(name, (u8)n);
  }
  return right;
}
