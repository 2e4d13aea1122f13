/* Two threads count together: by atomic addition, and under a lock that sleeps. */
#include "bench.h"

enum { THREADS = 2, COUNTS = 2000, LOCKED_EVERY = 16 };

static volatile u32 lock, ended;
static u32 atomic_count;
static volatile u32 locked_count;

/* 0 free, 1 held, 2 held and somebody may sleep (Drepper, "Futexes are tricky"). */
static void enter(void) {
  u32 found = 0;
  if (__atomic_compare_exchange_n(&lock, &found, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) return;
  while (__atomic_exchange_n(&lock, 2, __ATOMIC_ACQUIRE) != 0) sleep_while(&lock, 2);
}

static void leave(void) {
  if (__atomic_exchange_n(&lock, 0, __ATOMIC_RELEASE) == 2) wake(&lock, 1);
}

void work(void) {
  for (u32 n = 0; n < COUNTS; n++) {
    __atomic_fetch_add(&atomic_count, 1, __ATOMIC_SEQ_CST);
    if (n % LOCKED_EVERY != 0) continue;
    enter();
    locked_count++;
    leave();
  }
  __atomic_fetch_add(&ended, 1, __ATOMIC_RELEASE);
  wake(&ended, 1);
}

/* A thread may still be on its stack when it says that it ended, so the stacks take turns. */
u32 thread_round(void) {
  enum { TURNS = 64, STACK = 4096 };
  static u8 stacks[TURNS][THREADS][STACK] __attribute__((aligned(16)));
  static u32 turn;
  atomic_count = locked_count = ended = 0;
  turn = (turn + 1) % TURNS;
  for (u32 n = 0; n < THREADS; n++)
    if (!start_worker(stacks[turn][n] + STACK)) return 0;
  for (u32 seen; (seen = __atomic_load_n(&ended, __ATOMIC_ACQUIRE)) < THREADS;)
    sleep_while(&ended, seen);
  return atomic_count << 16 | locked_count;
}
