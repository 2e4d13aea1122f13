#include "device.h"
#include "fail.h"
#include "kernel.h"
#include "root.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static const struct {
  const char *name;
  unsigned major, minor;
} devices[] = {{"null", 1, 3},   {"zero", 1, 5},    {"full", 1, 7},
               {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};

int clone_device(const char *name) {
  char path[32];
  struct stat is;
  snprintf(path, sizeof path, "/dev/%s", name);
  int mount = clone_tree(AT_FDCWD, path, 0);
  if (mount < 0 || fstat(mount, &is) < 0) fail("open", path, "");
  for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
    if (strcmp(devices[i].name, name) == 0 && S_ISCHR(is.st_mode) &&
        is.st_rdev == makedev(devices[i].major, devices[i].minor))
      return mount;
  refuse("open", path, "this is not the device that it should be");
}

static void add_device(int dev, const char *name) {
  int file = openat(dev, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file < 0) fail("create", name, "");
  close(file);
  int mount = clone_device(name), target = openat(dev, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (target < 0 || attach_mount(mount, target) < 0) fail("attach", name, "");
  close(mount);
  close(target);
}

static int add_mount(int dev, const char *name, int mount) {
  if (mount < 0) fail("mount", name, "");
  if (mkdirat(dev, name, 0755) < 0) fail("mkdir", name, "");
  int target = openat(dev, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (target < 0 || attach_mount(mount, target) < 0) fail("attach", name, "");
  close(target);
  return mount;
}

static int new_devpts(void) {
  static const char *const with_tty_group[] = {"newinstance", "", "ptmxmode", "0666", "mode",
                                               "0620", "gid", "5", NULL};
  static const char *const alone[] = {"newinstance", "", "ptmxmode", "0666", "mode", "0620", NULL};
  const unsigned attributes = MK_ATTR_NOSUID | MK_ATTR_NOEXEC;
  int devpts = new_mount("devpts", attributes, with_tty_group);
  /* group 5 does not exist where only one id is mapped */
  return devpts >= 0 ? devpts : new_mount("devpts", attributes, alone);
}

static dev_t own_shm;

dev_t shm_device(void) {
  return own_shm;
}

static void add_shm(int dev, unsigned attributes) {
  static const char *const options[] = {"mode", "1777", "size", "64m", NULL};
  struct stat is;
  int shm = add_mount(dev, "shm", new_mount("tmpfs", attributes, options));
  if (fstat(shm, &is) < 0) fail("stat", "/dev/shm", "");
  own_shm = is.st_dev;
  close(shm);
}

void add_dev(int root, int *devpts, int terminal) {
  static const char *const dev_options[] = {"mode", "755", "size", "64k", NULL};
  static const char *const links[][2] = {{"pts/ptmx", "ptmx"},
                                         {"/proc/self/fd", "fd"},
                                         {"/proc/self/fd/0", "stdin"},
                                         {"/proc/self/fd/1", "stdout"},
                                         {"/proc/self/fd/2", "stderr"}};
  const unsigned attributes = MK_ATTR_NOSUID | MK_ATTR_NODEV | MK_ATTR_NOEXEC;
  int dev = new_mount("tmpfs", MK_ATTR_NOSUID | MK_ATTR_NOEXEC, dev_options);
  if (dev < 0) fail("mount tmpfs", "/dev", "");
  int target = open_folder(root, "dev");
  if (attach_mount(dev, target) < 0) fail("attach", "/dev", "");
  close(target);
  umask(0);
  for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) add_device(dev, devices[i].name);
  for (size_t i = 0; i < sizeof links / sizeof *links; i++)
    if (symlinkat(links[i][0], dev, links[i][1]) < 0) fail("symlink", links[i][1], "");
  int pts = add_mount(dev, "pts", new_devpts());
  add_shm(dev, attributes);
  close(add_mount(dev, "mqueue", new_mount("mqueue", attributes, NULL)));
  umask(022);
  if (terminal) *devpts = pts;
  else close(pts);
  close(dev);
}
