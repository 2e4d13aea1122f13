#include "lend.h"
#include "fail.h"
#include "kernel.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

int open_loan(const struct loan *loan, int user_namespace) {
  for (int recursive = 1; recursive >= 0; recursive--) {
    int mount = clone_tree(AT_FDCWD, loan->path, recursive);
    if (mount < 0) fail("open", loan->path, "");
    unsigned long attributes = loan->mode == 'r' ? MK_ATTR_RDONLY : 0;
    if (loan->mode == 'p') return mount;
    if (set_mount_attributes(mount, attributes | MK_ATTR_IDMAP, user_namespace, recursive) == 0)
      return mount;
    close(mount);
  }
  /* The file system knows no id-mapped mounts: what is readable for everybody still works. */
  int mount = clone_tree(AT_FDCWD, loan->path, 1);
  if (mount < 0) fail("open", loan->path, "");
  if (loan->mode == 'r') set_mount_attributes(mount, MK_ATTR_RDONLY, -1, 1);
  return mount;
}

/* Covers `folder`, which this namespace may not enter, with an empty one that it may. */
static void cover(const char *folder) {
  if (mount("mpkit", folder, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=1m") < 0)
    fail("cover", folder, "");
}

static void make_target(const char *path, int is_folder) {
  if (is_folder) {
    if (mkdir(path, 0755) < 0 && errno != EEXIST) fail("mkdir", path, "");
    return;
  }
  int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0 && errno != EEXIST) fail("create", path, "");
  if (fd >= 0) close(fd);
}

/* Walks down to the target; the first folder that may not be entered is covered, and from there
   on the rest of the path is made. */
static void prepare_target(const char *path, int is_folder) {
  char part[PATH_MAX];
  int covered = 0;
  for (const char *slash = strchr(path + 1, '/');; slash = strchr(slash + 1, '/')) {
    size_t length = slash ? (size_t)(slash - path) : strlen(path);
    if (length >= sizeof part) refuse("lend", path, "the path is too long");
    memcpy(part, path, length);
    part[length] = 0;
    if (covered) make_target(part, slash ? 1 : is_folder);
    if (!slash) break;
    if (access(part, X_OK) == 0) continue;
    if (errno == ENOENT) {
      covered = 1;
      make_target(part, 1);
    } else {
      cover(part);
      covered = 1;
    }
  }
  if (!covered && access(part, F_OK) < 0) make_target(part, is_folder);
}

void attach_loan(const struct loan *loan, int mount) {
  struct stat is;
  if (fstat(mount, &is) < 0) fail("stat", loan->path, "");
  prepare_target(loan->path, S_ISDIR(is.st_mode));
  int target = open(loan->path, O_PATH | O_CLOEXEC);
  if (target < 0) fail("open", loan->path, "");
  if (attach_mount(mount, target) < 0) fail("mount", loan->path, "");
  close(target);
}
