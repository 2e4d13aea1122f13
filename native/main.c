#include "commands.h"
#include "fail.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

long take_number(const char *text, long most) {
  char *end;
  errno = 0;
  long number = strtol(text, &end, 10);
  if (errno || *end || end == text || number < 0 || number > most)
    refuse("arguments", text, "not a number in range");
  return number;
}

int take_fd(const char *text) {
  int fd = (int)take_number(text, 1 << 20);
  if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) fail("arguments", text, "not an open descriptor");
  return fd;
}

int main(int count, char **words) {
  if (count > 1 && strcmp(words[1], "enter") == 0) return enter_command(count - 2, words + 2);
  if (count > 1 && strcmp(words[1], "step") == 0) return step_command(count - 2, words + 2);
  if (count > 1 && strcmp(words[1], "view") == 0) return view_command(count - 2, words + 2);
  if (count > 1 && strcmp(words[1], "follow") == 0) return follow_command(count - 2, words + 2);
  fputs("usage: sandbox enter|step|view|follow OPTIONS -- COMMAND…\n"
        "mpkit's helper that makes namespaces; see native/README.md\n",
        stderr);
  return 2;
}
