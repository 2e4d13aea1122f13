#include "kernel.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
  nr_open_tree = 428,
  nr_move_mount = 429,
  nr_fsopen = 430,
  nr_fsconfig = 431,
  nr_fsmount = 432,
  nr_close_range = 436,
  nr_openat2 = 437,
  nr_mount_setattr = 442,
};

struct open_how_v0 {
  uint64_t flags, mode, resolve;
};

struct mount_attributes {
  uint64_t set, clear, propagation, user_namespace;
};

int new_mount(const char *type, unsigned attributes, const char *const *options) {
  int context = (int)syscall(nr_fsopen, type, 1);
  if (context < 0) return -1;
  int mount = -1;
  for (; options && options[0]; options += 2) {
    int flag = options[1][0] == 0;
    if (syscall(nr_fsconfig, context, flag ? MK_FSCONFIG_SET_FLAG : MK_FSCONFIG_SET_STRING,
                options[0], flag ? NULL : options[1], 0) < 0)
      goto out;
  }
  if (syscall(nr_fsconfig, context, MK_FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
    mount = (int)syscall(nr_fsmount, context, 1, attributes);
out:;
  int saved = errno;
  close(context);
  errno = saved;
  return mount;
}

int clone_tree(int dir, const char *path, int recursive) {
  unsigned flags = MK_OPEN_TREE_CLONE | O_CLOEXEC | AT_EMPTY_PATH;
  return (int)syscall(nr_open_tree, dir, path, flags | (recursive ? MK_RECURSIVE : 0));
}

int set_mount_attributes(int mount, uint64_t set, int user_namespace, int recursive) {
  struct mount_attributes attributes = {
      .set = set, .user_namespace = user_namespace < 0 ? 0 : (uint64_t)user_namespace};
  return (int)syscall(nr_mount_setattr, mount, "", AT_EMPTY_PATH | (recursive ? MK_RECURSIVE : 0),
                      &attributes, sizeof attributes);
}

int make_private(int mount) {
  struct mount_attributes attributes = {.propagation = MK_PRIVATE};
  return (int)syscall(nr_mount_setattr, mount, "", AT_EMPTY_PATH | MK_RECURSIVE, &attributes,
                      sizeof attributes);
}

int attach_mount(int mount, int target) {
  const unsigned from_empty = 0x04, to_empty = 0x40;
  return (int)syscall(nr_move_mount, mount, "", target, "", from_empty | to_empty);
}

int open_in_root(int root, const char *path, int flags, unsigned mode, int no_links) {
  struct open_how_v0 how = {
      .flags = (uint64_t)(unsigned)flags | O_CLOEXEC,
      .mode = mode,
      .resolve = MK_RESOLVE_IN_ROOT | MK_RESOLVE_NO_MAGICLINKS |
                 (no_links ? MK_RESOLVE_NO_SYMLINKS : 0),
  };
  int fd;
  /* a rename or mount anywhere on the host at this moment makes the kernel unsure of a `..` */
  for (int left = 1000; (fd = (int)syscall(nr_openat2, root, path, &how, sizeof how)) < 0; left--)
    if (errno != EAGAIN || left == 0) break;
  return fd;
}

int open_without_links(const char *path) {
  struct open_how_v0 how = {
      .flags = O_PATH | O_CLOEXEC,
      .resolve = MK_RESOLVE_NO_SYMLINKS | MK_RESOLVE_NO_MAGICLINKS,
  };
  return (int)syscall(nr_openat2, AT_FDCWD, path, &how, sizeof how);
}

int close_from(unsigned first) {
  return (int)syscall(nr_close_range, first, ~0U, 0);
}

/* Like fork, with namespaces: the child goes on in the copied stack. */
pid_t clone_process(uint64_t flags) {
#if defined(__s390x__)
  return (pid_t)syscall(SYS_clone, NULL, flags | SIGCHLD, NULL, NULL, 0);
#else
  return (pid_t)syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, 0);
#endif
}
