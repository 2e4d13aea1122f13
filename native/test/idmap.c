/* Id maps: everything is kept, or the map is refused. */
#include "idmap.h"
#include "expect.h"
#include <string.h>

static void try_lines(void) {
  char lines[32];
  EXPECT(lines_of_map("0 1000 1,1 100000 65536", lines, sizeof lines) == 0);
  EXPECT(strcmp(lines, "0 1000 1\n1 100000 65536") == 0);
  EXPECT(lines_of_map("", lines, sizeof lines) == 0 && lines[0] == 0);
  char exact[sizeof lines + 1] = "";
  memset(exact, '1', sizeof lines - 1);
  EXPECT(lines_of_map(exact, lines, sizeof lines) == 0);
  exact[sizeof lines - 1] = '1';
  EXPECT(lines_of_map(exact, lines, sizeof lines) == -1);
}

static void try_words(void) {
  char map[] = "0 1000 1,1 100000 65536", again[] = "1 2 3\n4 5 6";
  char *words[6];
  EXPECT(words_of_map(map, words, 6) == 6);
  EXPECT(strcmp(words[0], "0") == 0 && strcmp(words[5], "65536") == 0);
  EXPECT(words_of_map(again, words, 5) == -1);
}

static void try_identity(void) {
  char lines[64];
  const char *own = "         0 1900000000      65536\n     65536 2147549184 2147418111\n";
  EXPECT(identity_lines(own, lines, sizeof lines) == 0);
  EXPECT(strcmp(lines, "0 0 65536\n65536 65536 2147418111\n") == 0);
  EXPECT(identity_lines("0 0 4294967295", lines, sizeof lines) == 0);
  EXPECT(strcmp(lines, "0 0 4294967295\n") == 0);
  EXPECT(identity_lines("", lines, sizeof lines) == 0 && lines[0] == 0);
  EXPECT(identity_lines("0 0 1\nrubbish", lines, sizeof lines) == -1);
  EXPECT(identity_lines("0 0 1\n2 2", lines, sizeof lines) == -1);
  EXPECT(identity_lines(own, lines, 20) == -1);
}

/* As many lines as a kernel has fit, or are refused whole. */
static void try_many(void) {
  static char own[MAP_LINES * 36], lines[MAP_BYTES];
  size_t used = 0;
  for (int i = 0; i < MAP_LINES; i++)
    used += (size_t)snprintf(own + used, sizeof own - used, "%10d %10d %10d\n", 2 * i, i, 1);
  EXPECT(identity_lines(own, lines, sizeof lines) == 0);
  EXPECT(strstr(lines, "\n678 678 1\n") != NULL);
  EXPECT(identity_lines(own, lines, 3000) == -1);
}

int main(void) {
  try_lines();
  try_words();
  try_identity();
  try_many();
  return 0;
}
