/*
 * The memory of a step: what its processes hold that is on no disk, swapped or not, what they share
 * counted once. It is measured, not reserved: cgroups would have to be removed by somebody who may be
 * killed, and an rlimit counts what a process only reserves, or misses what is mapped over that.
 */
#include "memory.h"
#include "fail.h"
#include "memory_files.h"
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* How fast memory can be filled, so how long a rest lasts at least; and how much time is spent on it. */
static const long bytes_per_millisecond = 4 << 20, shortest = 10, longest = 500, share = 20;
/* Between two measurements that themselves take long. */
static const long most = 2000;
static const long kilobyte = 1024;

struct line {
  const char *name;
  int is_shared;
};
static const struct line held[] = {{"RssAnon:", 0}, {"VmSwap:", 0}, {"RssShmem:", 1}, {NULL, 0}};
/* exact and slow: what is shared with others is divided among them */
static const struct line held_alone[] = {{"Pss_Anon:", 0}, {"SwapPss:", 0}, {"Pss_Shmem:", 1}, {NULL, 0}};

/* Bytes. */
struct amount {
  long own;
  /* mapped from files in memory, which may be open as well */
  long shared;
};

static long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Adds these lines; 0 where the file has none of them. */
static int add_lines(struct amount *sum, int folder, const char *file, const struct line *lines) {
  char text[8192];
  int fd = openat(folder, file, O_RDONLY | O_CLOEXEC), found = 0;
  if (fd < 0) return 0;
  ssize_t size = read(fd, text, sizeof text - 1);
  close(fd);
  if (size <= 0) return 0;
  text[size] = 0;
  for (char *at = text; at; at = strchr(at, '\n')) {
    if (*at == '\n') at++;
    for (const struct line *line = lines; line->name; line++) {
      size_t length = strlen(line->name);
      if (strncmp(at, line->name, length) != 0) continue;
      *(line->is_shared ? &sum->shared : &sum->own) += strtol(at + length, NULL, 10) * kilobyte;
      found = 1;
    }
  }
  return found;
}

/* What is being measured. */
struct measure {
  struct amount sum;
  struct memory_files files;
  int is_exact;
};

static int measure_one(struct measure *measure, int folder) {
  struct amount *sum = &measure->sum;
  if (!(measure->is_exact && add_lines(sum, folder, "smaps_rollup", held_alone)) &&
      !add_lines(sum, folder, "status", held))
    return 0;
  memory_files_add(&measure->files, folder);
  return 1;
}

/* A process whose first thread has ended shows what it holds by the others only. */
static void measure_threads(struct measure *measure, int process) {
  int folder = openat(process, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC), found = 0;
  DIR *threads = folder < 0 ? NULL : fdopendir(folder);
  if (!threads) return;
  for (struct dirent *each; !found && (each = readdir(threads));) {
    int thread = isdigit(each->d_name[0])
                     ? openat(dirfd(threads), each->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC)
                     : -1;
    if (thread < 0) continue;
    found = measure_one(measure, thread);
    close(thread);
  }
  closedir(threads);
}

/* What is mapped and open counts by the larger of both sums: which pages are the same is not told. */
static long measure_all(DIR *proc, int is_exact) {
  struct measure measure = {.is_exact = is_exact};
  rewinddir(proc);
  for (struct dirent *each; (each = readdir(proc));) {
    if (!isdigit(each->d_name[0])) continue;
    int process = openat(dirfd(proc), each->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (process < 0) continue; /* it has ended meanwhile */
    if (!measure_one(&measure, process)) measure_threads(&measure, process);
    close(process);
  }
  long held_open = memory_files_take(&measure.files, dirfd(proc)), mapped = measure.sum.shared;
  return measure.sum.own + (mapped > held_open ? mapped : held_open);
}

void memory_open(struct memory_watch *watch, long limit) {
  *watch = (struct memory_watch){.limit = limit};
  if (limit == 0) return;
  int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  watch->proc = proc < 0 ? NULL : fdopendir(proc);
  if (!watch->proc) fail("open", "/proc", "");
}

int memory_check(struct memory_watch *watch, int *exceeded) {
  if (!watch->proc) return -1;
  long start = now();
  if (start < watch->due) return (int)(watch->due - start);
  long used = measure_all(watch->proc, 0);
  if (used > watch->limit) used = measure_all(watch->proc, 1);
  *exceeded = used > watch->limit;
  if (*exceeded) return 0;
  long end = now(), pause = (watch->limit - used) / bytes_per_millisecond;
  if (pause < (end - start) * share) pause = (end - start) * share;
  else if (pause < shortest) pause = shortest;
  else if (pause > longest) pause = longest;
  if (pause > most) pause = most;
  watch->due = end + pause;
  return (int)pause;
}

void end_first(void) {
  const char worst[] = "1000";
  int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return; /* a container may mask it; the step is then ended by its size only */
  ssize_t ignored = write(fd, worst, sizeof worst - 1);
  (void)ignored;
  close(fd);
}
