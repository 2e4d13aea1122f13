/*
 * Like execvp(3), but for one thing: that gives whatever the kernel refuses as ENOEXEC to /bin/sh,
 * and a program of another CPU is no script.
 */
#include "execute.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void execute(const char *program, char **command) {
  if (strchr(program, '/')) {
    execv(program, command);
    return;
  }
  const char *folders = getenv("PATH");
  int why = ENOENT;
  for (const char *at = folders ? folders : "/bin:/usr/bin"; program[0]; at++) {
    char path[PATH_MAX];
    int length = (int)strcspn(at, ":");
    int size = snprintf(path, sizeof path, "%.*s%s%s", length, at, length ? "/" : "./", program);
    if (size < (int)sizeof path) {
      execv(path, command);
      if (errno == EACCES) why = EACCES;
      else if (errno != ENOENT && errno != ENOTDIR) return;
    }
    at += length;
    if (!*at) break;
  }
  errno = why;
}
