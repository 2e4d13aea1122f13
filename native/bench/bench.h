/* What the workloads share. Each is a round of fixed work with a known answer. */
#ifndef BENCH_H
#define BENCH_H

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

/* One round; a wrong answer means a wrong emulator. Every CPU gives the same one. */
u32 integer_round(void);
u32 float_round(void);
u32 memory_round(void);
u32 branch_round(void);
u32 hash_round(void);
u32 compress_round(void);
u32 call_round(void);
u32 exec_round(void);
u32 thread_round(void);
u32 file_round(void);

/* This program's file and environment, for those that start it again. */
extern const char *own_path;
extern char **own_environment;

/* kernel.c: the only one that knows the CPU's system calls. */
enum { CHILD_RAN = 42 };
struct time {
  u32 seconds, nanoseconds;
};
struct time now(void);
void print(const char *text, u32 length);
void quit(int status) __attribute__((noreturn));
int parent(void);
int names(char *six_times_65);
int child_status(const char *path, char **environment);
int start_worker(void *stack_top);
void sleep_while(volatile u32 *word, u32 value);
void wake(volatile u32 *word, int sleepers);
int create(const char *name);
int reopen(const char *name);
int write_all(int file, const void *bytes, u32 length);
int read_all(int file, void *bytes, u32 length);
int close_file(int file);
int unlink_file(const char *name);

/* threads.c: what a thread of start_worker() does before it ends. */
void work(void);

/* The next number of a fixed series (Marsaglia's xorshift). */
static inline u32 next(u32 *state) {
  *state ^= *state << 13;
  *state ^= *state >> 17;
  *state ^= *state << 5;
  return *state;
}

static inline u32 rotate(u32 value, u32 by) {
  return value << by | value >> (32 - by);
}

#endif
