/*
 * Starts one program with another view of the host, to learn by execution what a handler is worth:
 * from an empty root folder, as another user, or with an empty binfmt_misc that only it sees.
 *
 *     sandbox view [--binfmt] [--chroot DIR] [--user ID] -- PROGRAM ARGV0 [ARGUMENT…]
 *
 * The caller becomes the program. Where it lacks the privilege, a user namespace lends it.
 */
#include "commands.h"
#include "fail.h"
#include "idmap.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const instance = "/proc/sys/fs/binfmt_misc";

/* Only a process above may map more than one id, so a child that stays behind does it. */
static void enter_user_namespace(int more) {
  int ready[2], status;
  char byte = 0, uids[64], gids[64];
  snprintf(uids, sizeof uids, "0 %u 1", geteuid());
  snprintf(gids, sizeof gids, "0 %u 1", getegid());
  int privileged = geteuid() == 0;
  pid_t self = getpid();
  if (pipe2(ready, O_CLOEXEC) < 0) fail("pipe", "", "");
  pid_t child = fork();
  if (child < 0) fail("fork", "", "");
  if (child == 0) {
    close(ready[1]);
    if (read(ready[0], &byte, 1) != 1) _exit(EXIT_SETUP);
    if (privileged)
      write_identity_maps(self);
    else
      write_id_maps(self, "single", uids, gids);
    _exit(0);
  }
  if (unshare(CLONE_NEWUSER | more) < 0)
    fail("make a user namespace", "", "this host does not permit user namespaces");
  if (write(ready[1], &byte, 1) != 1) fail("pipe", "", "");
  close(ready[0]);
  close(ready[1]);
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (status != 0) refuse("map ids", "", "the kernel refused them");
}

static void use_own_instance(void) {
  enter_user_namespace(CLONE_NEWNS);
  if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) fail("mount", "/", "");
  if (mount("binfmt_misc", instance, "binfmt_misc", 0, NULL) < 0)
    fail("mount", instance, "a binfmt_misc of a user namespace needs Linux 6.7");
}

static void use_root(const char *folder) {
  if (chroot(folder) < 0) {
    if (errno != EPERM) fail("chroot", folder, "");
    enter_user_namespace(0);
    if (chroot(folder) < 0) fail("chroot", folder, "");
  }
  if (chdir("/") < 0) fail("chdir", folder, "");
}

static void become(long id) {
  uid_t user = (uid_t)id;
  if (setgroups(0, NULL) < 0 || setresgid(user, user, user) < 0 || setresuid(user, user, user) < 0)
    fail("change user", "", "");
}

int view_command(int count, char **words) {
  const char *root = NULL;
  long user = -1;
  int own_instance = 0, at = 0;
  for (; at < count && strcmp(words[at], "--") != 0; at++) {
    if (strcmp(words[at], "--binfmt") == 0)
      own_instance = 1;
    else if (strcmp(words[at], "--chroot") == 0 && at + 1 < count)
      root = words[++at];
    else if (strcmp(words[at], "--user") == 0 && at + 1 < count)
      user = take_number(words[++at], INT_MAX);
    else
      refuse("arguments", words[at], "unknown option");
  }
  if (count - at < 3) refuse("arguments", "view", "expected `-- PROGRAM ARGV0`");
  if (own_instance) use_own_instance();
  if (root) use_root(root);
  if (user >= 0) become(user);
  execv(words[at + 1], words + at + 2);
  fail("execute", words[at + 1], "");
}
