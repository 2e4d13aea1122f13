/* fork, execve and wait: what a shell does all the time. */
#include "bench.h"

u32 exec_round(void) {
  return (u32)child_status(own_path, own_environment);
}
