#include "fail.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int report_fd = -1;

static void write_all(const char *text, size_t size) {
  int fd = report_fd >= 0 ? report_fd : 2;
  while (size > 0) {
    ssize_t n = write(fd, text, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    text += n;
    size -= (size_t)n;
  }
}

/* A JSON string body: quotes, backslashes and control bytes escaped, other bytes as they are. */
static void escape(const char *text, char *out, size_t size) {
  size_t n = 0;
  for (; *text && n + 7 < size; text++) {
    unsigned char c = (unsigned char)*text;
    if (c == '"' || c == '\\') {
      out[n++] = '\\';
      out[n++] = (char)c;
    } else if (c < 0x20) {
      n += (size_t)snprintf(out + n, 7, "\\u%04x", c);
    } else {
      out[n++] = (char)c;
    }
  }
  out[n] = 0;
}

static _Noreturn void report_error(int number, const char *step, const char *path,
                                   const char *meaning) {
  char line[6144], safe_path[4400], safe_step[256];
  escape(path ? path : "", safe_path, sizeof safe_path);
  escape(step, safe_step, sizeof safe_step);
  int n = snprintf(line, sizeof line,
                   "{\"error\":{\"step\":\"%s\",\"path\":\"%s\",\"errno\":%d,\"meaning\":\"%s\"}}\n",
                   safe_step, safe_path, number, meaning ? meaning : "");
  write_all(line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
  _exit(EXIT_SETUP);
}

void fail(const char *step, const char *path, const char *meaning) {
  report_error(errno, step, path, meaning);
}

void refuse(const char *step, const char *path, const char *meaning) {
  report_error(0, step, path, meaning);
}

void report_number(const char *name, long number) {
  char line[96];
  int n = snprintf(line, sizeof line, "{\"%s\":%ld}\n", name, number);
  write_all(line, (size_t)n);
}
