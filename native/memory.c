/*
 * The memory of a step: what its processes hold that is in no file, swapped or not, what they share
 * counted once. It is measured, not reserved: cgroups would have to be removed by somebody who may be
 * killed, and an rlimit counts what a process only reserves, or misses what is mapped over that.
 */
#include "memory.h"
#include "fail.h"
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* How fast memory can be filled, so how long a rest lasts at least; and how much time is spent on it. */
static const long bytes_per_millisecond = 4 << 20, shortest = 10, longest = 500, share = 20;
static const long kilobyte = 1024;

static const char *const held[] = {"RssAnon:", "RssShmem:", "VmSwap:", NULL};
/* exact and slow: what is shared with others is divided among them */
static const char *const held_alone[] = {"Pss_Anon:", "Pss_Shmem:", "SwapPss:", NULL};

static long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* The sum of these lines; -1 where the file has none of them. */
static long sum_lines(int folder, const char *file, const char *const *names) {
  char text[8192];
  int fd = openat(folder, file, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  ssize_t size = read(fd, text, sizeof text - 1);
  close(fd);
  if (size <= 0) return -1;
  text[size] = 0;
  long sum = -1;
  for (char *line = text; line; line = strchr(line, '\n')) {
    if (*line == '\n') line++;
    for (const char *const *name = names; *name; name++) {
      size_t length = strlen(*name);
      if (strncmp(line, *name, length) != 0) continue;
      sum = (sum < 0 ? 0 : sum) + strtol(line + length, NULL, 10) * kilobyte;
    }
  }
  return sum;
}

static long measure_one(int folder, int exactly) {
  long alone = exactly ? sum_lines(folder, "smaps_rollup", held_alone) : -1;
  return alone >= 0 ? alone : sum_lines(folder, "status", held);
}

/* A process whose first thread has ended shows its memory by the others only. */
static long measure_threads(int process, int exactly) {
  int folder = openat(process, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *threads = folder < 0 ? NULL : fdopendir(folder);
  if (!threads) return 0;
  long found = -1;
  for (struct dirent *each; found < 0 && (each = readdir(threads));) {
    int thread = isdigit(each->d_name[0])
                     ? openat(dirfd(threads), each->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC)
                     : -1;
    if (thread < 0) continue;
    found = measure_one(thread, exactly);
    close(thread);
  }
  closedir(threads);
  return found < 0 ? 0 : found;
}

static long measure_all(DIR *proc, int exactly) {
  long sum = 0;
  rewinddir(proc);
  for (struct dirent *each; (each = readdir(proc));) {
    if (!isdigit(each->d_name[0])) continue;
    int process = openat(dirfd(proc), each->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (process < 0) continue; /* it has ended meanwhile */
    long found = measure_one(process, exactly);
    sum += found < 0 ? measure_threads(process, exactly) : found;
    close(process);
  }
  return sum;
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
  watch->due = end + pause;
  return (int)pause;
}

void end_first(void) {
  const char most[] = "1000";
  int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return; /* a container may mask it; the step is then ended by its size only */
  ssize_t ignored = write(fd, most, sizeof most - 1);
  (void)ignored;
  close(fd);
}
