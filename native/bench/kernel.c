/* System calls by name. */
#include CPU_HEADER

#include "bench.h"

enum { AT_CWD = -100, READ_WRITE = 2, MONOTONIC = 1, FUTEX_WAIT = 0, FUTEX_WAKE = 1 };

/* VM, FS, FILES, SIGHAND, THREAD and SYSVSEM: QEMU takes only this set for a thread. */
#define THREAD_FLAGS 0x50f00ul

struct time now(void) {
  long at[2];
  call(CALL_clock_gettime, MONOTONIC, (long)at, 0, 0, 0);
  return (struct time){(u32)at[0], (u32)at[1]};
}

void print(const char *text, u32 length) {
  call(CALL_write, 1, (long)text, length, 0, 0);
}

void quit(int status) {
  for (;;) call(CALL_exit_group, status, 0, 0, 0, 0);
}

int parent(void) {
  return (int)call(CALL_getppid, 0, 0, 0, 0, 0);
}

int names(char *six_times_65) {
  return (int)call(CALL_uname, (long)six_times_65, 0, 0, 0, 0);
}

/* Starts `path` with no further argument and waits for it; negative where it did not exit. */
int child_status(const char *path, char **environment) {
  long pid = fork_process();
  if (pid == 0) {
    const char *argv[] = {"mpkit-bench", path, (void *)0};
    call(CALL_execve, (long)path, (long)argv, (long)environment, 0, 0);
    quit(1);
  }
  int ended = 0;
  if (pid < 0 || call(CALL_wait4, pid, (long)&ended, 0, 0, 0) != pid) return -1;
  return ended & 0x7f ? -1 : ended >> 8;
}

int start_worker(void *stack_top) {
  return start_thread(THREAD_FLAGS, stack_top) > 0;
}

__attribute__((used, noreturn)) void thread(void) {
  work();
  for (;;) call(CALL_exit, 0, 0, 0, 0, 0);
}

void sleep_while(volatile u32 *word, u32 value) {
  call(CALL_futex, (long)word, FUTEX_WAIT, (long)value, 0, 0);
}

void wake(volatile u32 *word, int sleepers) {
  call(CALL_futex, (long)word, FUTEX_WAKE, sleepers, 0, 0);
}

int create(const char *name) {
  return (int)call(CALL_openat, AT_CWD, (long)name, READ_WRITE | OPEN_CREATE, 0600, 0);
}

int reopen(const char *name) {
  return (int)call(CALL_openat, AT_CWD, (long)name, READ_WRITE, 0, 0);
}

int write_all(int file, const void *bytes, u32 length) {
  return call(CALL_write, file, (long)bytes, length, 0, 0) == (long)length;
}

int read_all(int file, void *bytes, u32 length) {
  return call(CALL_read, file, (long)bytes, length, 0, 0) == (long)length;
}

int close_file(int file) {
  return (int)call(CALL_close, file, 0, 0, 0, 0);
}

int unlink_file(const char *name) {
  return (int)call(CALL_unlinkat, AT_CWD, (long)name, 0, 0, 0);
}
