#include "root.h"
#include "device.h"
#include "fail.h"
#include "kernel.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

static const char *const read_only_options[] = {"mode", "755", "size", "4k", NULL};

int open_folder(int root, const char *path) {
  int folder = open_in_root(root, path, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0, 1);
  if (folder >= 0) return folder;
  if (errno == ELOOP || errno == ENOTDIR)
    refuse("mount point", path, "the image has something else than a folder here");
  if (errno != ENOENT || mkdirat(root, path, 0755) < 0) fail("mount point", path, "");
  folder = open_in_root(root, path, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0, 1);
  if (folder < 0) fail("mount point", path, "");
  return folder;
}

static void attach_at(int mount, int root, const char *path, const char *what) {
  if (mount < 0) fail(what, path, "");
  int target = open_folder(root, path);
  if (attach_mount(mount, target) < 0) fail("attach", path, "");
  close(target);
}

/* An empty read-only folder over `path`, or nothing over a file; what does not exist needs none. */
static void mask(int root, const char *path) {
  struct stat is;
  int target = open_in_root(root, path, O_PATH | O_NOFOLLOW, 0, 1);
  if (target < 0) {
    if (errno == ENOENT) return;
    fail("mask", path, "");
  }
  if (fstat(target, &is) < 0) fail("mask", path, "");
  int cover = S_ISDIR(is.st_mode)
                  ? new_mount("tmpfs", MK_ATTR_RDONLY | MK_ATTR_NOSUID | MK_ATTR_NODEV |
                                           MK_ATTR_NOEXEC, read_only_options)
                  : clone_device("null");
  if (cover < 0 || attach_mount(cover, target) < 0) fail("mask", path, "");
  close(cover);
  close(target);
}

static void protect(int root, const char *path) {
  int target = open_in_root(root, path, O_PATH | O_NOFOLLOW, 0, 1);
  if (target < 0) {
    if (errno == ENOENT) return;
    fail("protect", path, "");
  }
  int copy = clone_tree(target, "", 1);
  if (copy < 0 || set_mount_attributes(copy, MK_ATTR_RDONLY, -1, 1) < 0 ||
      attach_mount(copy, target) < 0)
    fail("protect", path, "");
  close(copy);
  close(target);
}

static void add_proc(int root) {
  static const char *const masked[] = {"proc/acpi",        "proc/asound",     "proc/interrupts",
                                       "proc/kcore",       "proc/keys",       "proc/latency_stats",
                                       "proc/timer_list",  "proc/timer_stats", "proc/sched_debug",
                                       "proc/scsi",        "proc/kmsg",       NULL};
  static const char *const protected[] = {"proc/bus",      "proc/fs",  "proc/irq",
                                          "proc/pressure", "proc/sys", "proc/sysrq-trigger", NULL};
  int proc = new_mount("proc", MK_ATTR_NOSUID | MK_ATTR_NODEV | MK_ATTR_NOEXEC, NULL);
  if (proc < 0) fail("mount proc", "/proc", "");
  /* Where this is a setting of the pid namespace (Linux 6.14) it bounds all users together. */
  int most = openat(proc, "sys/kernel/pid_max", O_WRONLY | O_CLOEXEC);
  if (most >= 0) {
    ssize_t ignored = write(most, "16384", 5);
    (void)ignored;
    close(most);
  }
  attach_at(proc, root, "proc", "mount proc");
  for (const char *const *path = masked; *path; path++) mask(root, *path);
  for (const char *const *path = protected; *path; path++) protect(root, *path);
  close(proc);
}

static void add_sys(int root, int own_network) {
  const unsigned attributes = MK_ATTR_RDONLY | MK_ATTR_NOSUID | MK_ATTR_NODEV | MK_ATTR_NOEXEC;
  int sys = own_network ? new_mount("sysfs", attributes, NULL) : -1;
  if (sys < 0) {
    sys = clone_tree(AT_FDCWD, "/sys", 1);
    if (sys < 0 || set_mount_attributes(sys, attributes, -1, 1) < 0) fail("mount sys", "/sys", "");
  }
  attach_at(sys, root, "sys", "mount sys");
  close(sys);
  static const char *const masked[] = {"sys/firmware", "sys/devices/virtual/powercap",
                                       "sys/kernel/debug", "sys/kernel/tracing", "sys/fs/cgroup",
                                       NULL};
  for (const char *const *path = masked; *path; path++) mask(root, *path);
}

static void add_file(int root, int scratch, int index, const struct private_file *file) {
  char name[16];
  snprintf(name, sizeof name, "%d", index);
  int made = openat(scratch, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  size_t size = strlen(file->content);
  if (made < 0 || write(made, file->content, size) != (ssize_t)size)
    fail("write", file->target, "");
  close(made);
  /* In-root: a link of the image is followed inside it, and one that leads nowhere is covered. */
  int target = open_in_root(root, file->target, O_PATH, 0, 0);
  if (target < 0 && errno == ENOENT)
    target = open_in_root(root, file->target, O_PATH | O_NOFOLLOW, 0, 0);
  if (target < 0) {
    if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) return;
    fail("open", file->target, "");
  }
  struct stat is;
  if (fstat(target, &is) == 0 && (S_ISREG(is.st_mode) || S_ISLNK(is.st_mode))) {
    int mount = clone_tree(scratch, name, 0);
    if (mount < 0 || attach_mount(mount, target) < 0) fail("attach", file->target, "");
    close(mount);
  }
  close(target);
}

static void add_files(const struct step_options *step, int root) {
  static const char *const options[] = {"mode", "755", "size", "1m", NULL};
  if (step->file_count == 0) return;
  int scratch = new_mount("tmpfs", MK_ATTR_NOSUID | MK_ATTR_NODEV, options);
  if (scratch < 0) fail("mount tmpfs", "", "");
  /* Only an attached mount can be copied; /dev is covered by the step's own right afterwards. */
  attach_at(scratch, root, "dev", "mount tmpfs");
  for (int i = 0; i < step->file_count; i++) add_file(root, scratch, i, &step->files[i]);
  close(scratch);
}

/* A link of the image may lead there, whatever the target's own text is. */
static void refuse_kernel_files(int target, const char *path) {
  struct statfs is;
  if (fstatfs(target, &is) < 0) fail("bind", path, "");
  if (is.f_type == PROC_SUPER_MAGIC || is.f_type == SYSFS_MAGIC)
    refuse("bind", path, "nothing can be mounted below /proc and /sys");
}

static void add_bind(int root, const struct bind *bind, int mount) {
  int target = open_in_root(root, bind->target, O_PATH, 0, 0);
  if (target < 0) fail("bind", bind->target, "");
  refuse_kernel_files(target, bind->target);
  if (attach_mount(mount, target) < 0) fail("bind", bind->target, "");
  close(mount);
  close(target);
}

static void pivot(int root) {
  if (fchdir(root) < 0) fail("chdir", "/", "");
  if (syscall(SYS_pivot_root, ".", ".") < 0) fail("pivot_root", "/", "");
  /* the old root now lies over the new one: "." is the old one's mount */
  if (umount2(".", MNT_DETACH) < 0) fail("unmount the old root", "/", "");
  if (chdir("/") < 0) fail("chdir", "/", "");
}

void make_root(const struct step_options *step, int *devpts) {
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) fail("mount private", "/", "");
  int place = open(step->attach, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (place < 0) fail("open", step->attach, "");
  if (attach_mount(step->root_fd, place) < 0) fail("attach", step->attach, "");
  int root = step->root_fd;
  add_files(step, root);
  add_dev(root, devpts, step->terminal);
  add_proc(root);
  add_sys(root, step->own_network);
  for (int i = 0; i < step->bind_count; i++) add_bind(root, &step->binds[i], step->bind_fds[i]);
  pivot(root);
}
