/*
 * Memory that no process has to map: memfds, which are held by descriptors, and what lies in /dev/shm
 * or in System V's shared memory, which is held by its name.
 */
#include "memory_files.h"
#include "device.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

struct memory_file {
  dev_t device;
  ino_t inode;
  long bytes;
};

static const long block = 512;

/* By its name first: to look at a file of a dead server would take for ever. */
static int is_memfd(int folder, const char *descriptor) {
  static const char prefix[] = "/memfd:";
  char target[sizeof prefix - 1];
  return readlinkat(folder, descriptor, target, sizeof target) == sizeof target &&
         memcmp(target, prefix, sizeof target) == 0;
}

/* 0: there is no room to remember it. */
static int remember(struct memory_files *files, const struct stat *is) {
  if (files->count == files->room) {
    size_t room = files->room ? files->room * 2 : 64;
    struct memory_file *larger = reallocarray(files->found, room, sizeof *larger);
    if (!larger) return 0;
    files->found = larger;
    files->room = room;
  }
  files->found[files->count++] = (struct memory_file){is->st_dev, is->st_ino, is->st_blocks * block};
  return 1;
}

/* A file on a disk may have such a name, too. */
static dev_t memfd_device(void) {
  static dev_t device;
  struct stat is;
  int fd = device ? -1 : memfd_create("", MFD_CLOEXEC);
  if (fd < 0) return device;
  if (fstat(fd, &is) == 0) device = is.st_dev;
  close(fd);
  return device;
}

void memory_files_add(struct memory_files *files, int folder) {
  int opened = openat(folder, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *descriptors = opened < 0 ? NULL : fdopendir(opened);
  if (!descriptors) return;
  struct stat is;
  for (struct dirent *each; (each = readdir(descriptors));)
    if (is_memfd(dirfd(descriptors), each->d_name) &&
        fstatat(dirfd(descriptors), each->d_name, &is, 0) == 0 && is.st_dev == memfd_device() &&
        !remember(files, &is))
      break;
  closedir(descriptors);
}

static int by_identity(const void *one, const void *other) {
  const struct memory_file *a = one, *b = other;
  if (a->device != b->device) return a->device < b->device ? -1 : 1;
  return a->inode == b->inode ? 0 : a->inode < b->inode ? -1 : 1;
}

/* A volume of the caller's may lie there: what it holds is not the step's. */
static long in_dev_shm(void) {
  struct stat folder;
  struct statfs is;
  if (stat("/dev/shm", &folder) < 0 || folder.st_dev != shm_device()) return 0;
  if (statfs("/dev/shm", &is) < 0) return 0;
  return (long)(is.f_blocks - is.f_bfree) * (long)is.f_bsize;
}

/* The last two of sixteen columns, of the IPC namespace of whoever reads. */
static long in_segments(int proc) {
  int fd = openat(proc, "sysvipc/shm", O_RDONLY | O_CLOEXEC);
  FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
  if (!file) return 0;
  char line[512];
  long sum = 0, resident, swapped;
  while (fgets(line, sizeof line, file))
    if (sscanf(line, "%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%ld%ld", &resident, &swapped) == 2)
      sum += resident + swapped;
  fclose(file);
  return sum;
}

long memory_files_take(struct memory_files *files, int proc) {
  long sum = in_dev_shm() + in_segments(proc);
  if (files->count > 0) qsort(files->found, files->count, sizeof *files->found, by_identity);
  for (size_t i = 0; i < files->count; i++)
    if (i == 0 || by_identity(&files->found[i - 1], &files->found[i]) != 0)
      sum += files->found[i].bytes;
  free(files->found);
  *files = (struct memory_files){0};
  return sum;
}
