#include "lend.h"
#include "commands.h"
#include "fail.h"
#include "kernel.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char changed[] = "somebody exchanged it while mpkit started: start it again when nobody does";

static enum loan_access parse_access(const char *word) {
  if (strcmp(word, "read") == 0) return loan_read;
  if (strcmp(word, "write") == 0) return loan_write;
  if (strcmp(word, "same") == 0) return loan_same;
  refuse("arguments", word, "expected read, write or same");
}

static unsigned long long parse_identity(const char *word) {
  char *end;
  errno = 0;
  unsigned long long number = strtoull(word, &end, 10);
  if (errno || *end || end == word) refuse("arguments", word, "not a device or inode number");
  return number;
}

struct loan parse_loan(char **words) {
  return (struct loan){.access = parse_access(words[0]),
                       .device = (dev_t)parse_identity(words[1]),
                       .inode = (ino_t)parse_identity(words[2]),
                       .path = words[3],
                       .rest = words[4]};
}

/* One folder further down: made if it is missing, never a link. */
static int step_down(int folder, const char *name, const struct loan *loan) {
  if (mkdirat(folder, name, 0777) < 0 && errno != EEXIST) fail("make folder", loan->path, "");
  int next = openat(folder, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (next < 0) fail("lend", loan->path, changed);
  close(folder);
  return next;
}

int open_loan(const struct loan *loan) {
  struct stat is;
  int fd = open_without_links(loan->path);
  if (fd < 0) fail("lend", loan->path, errno == ELOOP || errno == ENOTDIR ? changed : "");
  if (fstat(fd, &is) < 0) fail("stat", loan->path, "");
  if (is.st_dev != loan->device || is.st_ino != loan->inode) refuse("lend", loan->path, changed);
  char rest[PATH_MAX];
  if (strlen(loan->rest) >= sizeof rest) refuse("lend", loan->path, "the path is too long");
  strcpy(rest, loan->rest);
  char *left = rest;
  for (char *name; (name = strsep(&left, "/"));)
    if (*name) fd = step_down(fd, name, loan);
  return fd;
}

/*
 * EINVAL: some file system in the tree knows no id-mapped mounts; EPERM: it belongs to a namespace
 * above the one that we are root of. Then only the top is shifted, or nothing is; the rest stays,
 * and the kernel refuses what the builder's ids may not read.
 */
static void shift_ids(const struct loan *loan, int mount, int user_namespace) {
  for (int recursive = 1; recursive >= 0; recursive--) {
    if (set_mount_attributes(mount, MK_ATTR_IDMAP, user_namespace, recursive) == 0) return;
    if (errno != EINVAL && errno != EPERM) fail("shift the ids of", loan->path, "");
  }
}

int mount_loan(const struct loan *loan, int opened, int user_namespace) {
  const int whole_tree = 1;
  int mount = clone_tree(opened, "", whole_tree);
  if (mount < 0) fail("lend", loan->path, "");
  if (make_private(mount) < 0) fail("lend", loan->path, "");
  if (loan->access == loan_read && set_mount_attributes(mount, MK_ATTR_RDONLY, -1, whole_tree) < 0)
    fail("lend read-only", loan->path, "");
  if (loan->access != loan_same && user_namespace >= 0) shift_ids(loan, mount, user_namespace);
  return mount;
}

int make_places(const char *folder) {
  static const char *const options[] = {"mode", "755", "size", "1m", NULL};
  int places = new_mount("tmpfs", MK_ATTR_NOSUID | MK_ATTR_NODEV, options);
  if (places < 0) fail("make places for loans", folder, "");
  int target = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (target < 0) fail("open", folder, "");
  if (attach_mount(places, target) < 0) fail("mount", folder, "");
  close(target);
  return places;
}

static void make_place(int places, const char *name, int is_folder) {
  if (is_folder) {
    if (mkdirat(places, name, 0755) < 0) fail("mkdir", name, "");
    return;
  }
  int fd = openat(places, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) fail("create", name, "");
  close(fd);
}

void attach_loan(int places, int number, int mount) {
  struct stat is;
  char name[32];
  snprintf(name, sizeof name, "mpkit-loan-%d", number);
  if (fstat(mount, &is) < 0) fail("stat", name, "");
  make_place(places, name, S_ISDIR(is.st_mode));
  int target = openat(places, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (target < 0) fail("open", name, "");
  if (attach_mount(mount, target) < 0) fail("mount", name, "");
  close(target);
}

void close_places(int places) {
  if (set_mount_attributes(places, MK_ATTR_RDONLY, -1, 0) < 0) fail("close places for loans", "", "");
  close(places);
}
