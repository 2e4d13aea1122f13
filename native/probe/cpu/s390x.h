#define CALL_exit 1
#define CALL_read 3
#define CALL_write 4
#define CALL_close 6
#define CALL_execve 11
#define CALL_lseek 19
#define CALL_getpid 20
#define CALL_kill 37
#define CALL_getppid 64
#define CALL_wait4 114
#define CALL_clone 120
#define CALL_uname 122
#define CALL_rt_sigaction 174
#define CALL_geteuid 201
#define CALL_futex 238
#define CALL_exit_group 248
#define CALL_clock_gettime 260
#define CALL_openat 288
#define CALL_unlinkat 294
#define CALL_memfd_create 350
#define CALL_statx 379
#define CLONE_TAKES_STACK_FIRST

static inline long call(long number, long a, long b, long c, long d, long e) {
  register long r1 __asm__("r1") = number;
  register long r2 __asm__("r2") = a;
  register long r3 __asm__("r3") = b;
  register long r4 __asm__("r4") = c;
  register long r5 __asm__("r5") = d;
  register long r6 __asm__("r6") = e;
  __asm__ volatile("svc 0"
                   : "+r"(r2)
                   : "r"(r1), "r"(r3), "r"(r4), "r"(r5), "r"(r6)
                   : "memory");
  return r2;
}

#include "common.h"

/* A caller owes its callee 160 bytes of stack to save registers in. */
__asm__(".text\n"
        ".globl _start, start_thread\n"
        "_start:\n"
        "  lgr %r2, %r15\n"
        "  aghi %r15, -160\n"
        "  jg start\n"
        "start_thread:\n"
        "  lgr %r0, %r2\n"
        "  lgr %r2, %r3\n"
        "  lgr %r3, %r0\n"
        "  aghi %r2, -160\n"
        "  lghi %r4, 0\n"
        "  lghi %r5, 0\n"
        "  lghi %r1, 120\n" /* clone */
        "  svc 0\n"
        "  ltgr %r2, %r2\n"
        "  bnzr %r14\n"
        "  jg thread\n");
