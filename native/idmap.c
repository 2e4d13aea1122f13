#include "idmap.h"
#include "fail.h"
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char too_long[] = "there are more ranges of ids than the kernel takes";

static void write_file(pid_t pid, const char *name, const char *text) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) fail("map ids", path, "");
  if (write(fd, text, strlen(text)) < 0)
    fail("map ids", path, "the kernel refused these ids for a user namespace");
  close(fd);
}

int lines_of_map(const char *map, char *lines, size_t size) {
  const size_t length = strlen(map);
  if (length >= size) return -1;
  memcpy(lines, map, length + 1);
  for (char *c = lines; *c; c++)
    if (*c == ',') *c = '\n';
  return 0;
}

static void write_direct(pid_t pid, const char *name, const char *map) {
  char lines[MAP_BYTES];
  if (lines_of_map(map, lines, sizeof lines) < 0) refuse("map ids", name, too_long);
  write_file(pid, name, lines);
}

int words_of_map(char *map, char **words, int most) {
  int count = 0;
  for (char *word = strtok(map, " ,\n"); word; word = strtok(NULL, " ,\n")) {
    if (count == most) return -1;
    words[count++] = word;
  }
  return count;
}

static void run_helper(const char *program, pid_t pid, const char *map) {
  enum { before = 2, most = 3 * MAP_LINES };
  char words[MAP_BYTES], number[16];
  /* zero ends them */
  char *arguments[before + most + 1] = {(char *)(uintptr_t)program, number};
  snprintf(number, sizeof number, "%d", (int)pid);
  if (lines_of_map(map, words, sizeof words) < 0 ||
      words_of_map(words, arguments + before, most) < 0)
    refuse("map ids", program, too_long);
  pid_t child = fork();
  if (child < 0) fail("fork", program, "");
  if (child == 0) {
    execvp(program, arguments);
    fail("map ids", program, "install the package uidmap");
  }
  int status;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (status != 0)
    refuse("map ids", program, "it refused the range that /etc/subuid or /etc/subgid names");
}

void write_id_maps(pid_t pid, const char *how, const char *uid_map, const char *gid_map) {
  if (strcmp(how, "helper") == 0) {
    run_helper("newuidmap", pid, uid_map);
    run_helper("newgidmap", pid, gid_map);
    return;
  }
  if (strcmp(how, "single") == 0) write_file(pid, "setgroups", "deny");
  write_direct(pid, "uid_map", uid_map);
  write_direct(pid, "gid_map", gid_map);
}

/* Line by line: the kernel takes none that goes over two lines of the namespace above. */
int identity_lines(const char *own, char *lines, size_t size) {
  unsigned long inside, outside, count;
  size_t used = 0;
  int length;
  for (lines[0] = 0; sscanf(own, "%lu %lu %lu%n", &inside, &outside, &count, &length) == 3;
       own += length) {
    int n = snprintf(lines + used, size - used, "%lu %lu %lu\n", inside, inside, count);
    if (n < 0 || (size_t)n >= size - used) return -1;
    used += (size_t)n;
  }
  return own[strspn(own, " \n")] ? -1 : 0;
}

static void write_identity(pid_t pid, const char *own, const char *name) {
  /* the kernel pads its numbers */
  char text[MAP_LINES * 36], lines[MAP_BYTES];
  int fd = open(own, O_RDONLY | O_CLOEXEC);
  size_t used = 0;
  if (fd < 0) fail("read own id map", own, "");
  for (ssize_t n; used < sizeof text - 1 && (n = read(fd, text + used, sizeof text - 1 - used));) {
    if (n < 0) fail("read own id map", own, "");
    used += (size_t)n;
  }
  close(fd);
  text[used] = 0;
  if (identity_lines(text, lines, sizeof lines) < 0) refuse("read own id map", own, too_long);
  write_file(pid, name, lines);
}

void write_identity_maps(pid_t pid) {
  write_identity(pid, "/proc/self/uid_map", "uid_map");
  write_identity(pid, "/proc/self/gid_map", "gid_map");
}
