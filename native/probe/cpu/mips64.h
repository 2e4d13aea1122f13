/* The n64 ABI, both byte orders. */
#define CALL_read 5000
#define CALL_write 5001
#define CALL_close 5003
#define CALL_lseek 5008
#define CALL_rt_sigaction 5013
#define CALL_getpid 5038
#define CALL_clone 5055
#define CALL_execve 5057
#define CALL_exit 5058
#define CALL_wait4 5059
#define CALL_kill 5060
#define CALL_uname 5061
#define CALL_geteuid 5105
#define CALL_getppid 5108
#define CALL_futex 5194
#define CALL_exit_group 5205
#define CALL_clock_gettime 5222
#define CALL_openat 5247
#define CALL_unlinkat 5253
#define CALL_memfd_create 5314
#define CALL_statx 5326

#define OPEN_CREATE 0x100
#define SIGNAL_USR1 16
#define SIGNAL_CHLD 18
#define SIGNAL_SET_SIZE 16

struct action {
  unsigned int flags;
  void (*handler)(int);
  unsigned long mask[2];
  void (*restorer)(void);
};

/* A failed call sets $7 and returns the error as a positive number. */
static inline long call(long number, long a, long b, long c, long d, long e) {
  register long v0 __asm__("$2") = number;
  register long a0 __asm__("$4") = a;
  register long a1 __asm__("$5") = b;
  register long a2 __asm__("$6") = c;
  register long a3 __asm__("$7") = d;
  register long a4 __asm__("$8") = e;
  __asm__ volatile("syscall"
                   : "+r"(v0), "+r"(a3)
                   : "r"(a0), "r"(a1), "r"(a2), "r"(a4)
                   : "$1", "$3", "$9", "$10", "$11", "$12", "$13", "$14", "$15", "$24", "$25", "hi",
                     "lo", "memory");
  return a3 ? -v0 : v0;
}

#include "common.h"

__asm__(".text\n"
        ".globl _start, start_thread\n"
        "_start:\n"
        "  move $4, $29\n"
        "  daddiu $29, $29, -32\n"
        "  j start\n"
        "start_thread:\n"
        "  move $6, $0\n"
        "  move $7, $0\n"
        "  move $8, $0\n"
        "  daddiu $5, $5, -32\n"
        "  li $2, 5055\n" /* clone */
        "  syscall\n"
        "  bnez $7, 1f\n"
        "  bnez $2, 2f\n"
        "  j thread\n"
        "1: dnegu $2, $2\n"
        "2: jr $31\n");
