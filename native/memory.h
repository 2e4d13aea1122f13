#ifndef MEMORY_H
#define MEMORY_H
#include <dirent.h>

/* Watches what the processes of one pid namespace have of memory, all together. */
struct memory_watch {
  /* the /proc of that namespace; NULL where there is no limit */
  DIR *proc;
  /* bytes */
  long limit;
  /* by the monotonic clock, in milliseconds */
  long due;
};

/* From its first process, before anything else runs; a limit of 0 is none. */
void memory_open(struct memory_watch *watch, long limit);
/* Milliseconds until it wants to be asked again, -1: never; 0 sets *exceeded. */
int memory_check(struct memory_watch *watch, int *exceeded);
/* Where the machine's memory runs out, the kernel ends this process and its children before others. */
void end_first(void);

#endif
