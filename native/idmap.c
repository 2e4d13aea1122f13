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

static void write_file(pid_t pid, const char *name, const char *text) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) fail("map ids", path, "");
  if (write(fd, text, strlen(text)) < 0)
    fail("map ids", path, "the kernel refused these ids for a user namespace");
  close(fd);
}

static void write_direct(pid_t pid, const char *name, const char *map) {
  char lines[1024];
  snprintf(lines, sizeof lines, "%s", map);
  for (char *c = lines; *c; c++)
    if (*c == ',') *c = '\n';
  write_file(pid, name, lines);
}

static void run_helper(const char *program, pid_t pid, const char *map) {
  char words[1024], number[16];
  char *arguments[64] = {(char *)(uintptr_t)program, number};
  int count = 2;
  snprintf(words, sizeof words, "%s", map);
  snprintf(number, sizeof number, "%d", (int)pid);
  for (char *word = strtok(words, " ,"); word && count < 62; word = strtok(NULL, " ,"))
    arguments[count++] = word;
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

static void write_identity(pid_t pid, const char *own, const char *name) {
  char map[1024] = "";
  size_t used = 0;
  unsigned long inside, outside, count;
  FILE *file = fopen(own, "re");
  if (!file) fail("read own id map", own, "");
  while (fscanf(file, "%lu %lu %lu", &inside, &outside, &count) == 3 && used < sizeof map - 64)
    used += (size_t)snprintf(map + used, sizeof map - used, "%lu %lu %lu\n", inside, inside, count);
  fclose(file);
  write_file(pid, name, map);
}

void write_identity_maps(pid_t pid) {
  write_identity(pid, "/proc/self/uid_map", "uid_map");
  write_identity(pid, "/proc/self/gid_map", "gid_map");
}
