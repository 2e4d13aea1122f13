#include "commands.h"
#include "fail.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

static const long most_descriptors = 1 << 20;

long take_number(const char *text, long most) {
  char *end;
  errno = 0;
  long number = strtol(text, &end, 10);
  if (errno || *end || end == text || number < 0 || number > most)
    refuse("arguments", text, "not a number in range");
  return number;
}

int take_fd(const char *text) {
  int fd = (int)take_number(text, most_descriptors);
  if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) fail("arguments", text, "not an open descriptor");
  return fd;
}
