#ifndef MEMORY_FILES_H
#define MEMORY_FILES_H
#include <stddef.h>

/* Files in memory that were found, each as often as somebody has it open. */
struct memory_files {
  struct memory_file *found;
  size_t count, room;
};

/* What the process, or thread, whose folder of /proc this is has open. */
void memory_files_add(struct memory_files *files, int folder);
/* Bytes of all of them, each once, and of what has a name in the step; then there are none again. */
long memory_files_take(struct memory_files *files, int proc);

#endif
