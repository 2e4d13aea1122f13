#include "generic-calls.h"

static inline long call(long number, long a, long b, long c, long d, long e) {
  register long a7 __asm__("a7") = number;
  register long a0 __asm__("a0") = a;
  register long a1 __asm__("a1") = b;
  register long a2 __asm__("a2") = c;
  register long a3 __asm__("a3") = d;
  register long a4 __asm__("a4") = e;
  __asm__ volatile("ecall"
                   : "+r"(a0)
                   : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4)
                   : "memory");
  return a0;
}

#include "common.h"

__asm__(".text\n"
        ".globl _start, start_thread\n"
        "_start:\n"
        "  mv a0, sp\n"
        "  tail start\n"
        "start_thread:\n"
        "  li a2, 0\n"
        "  li a3, 0\n"
        "  li a4, 0\n"
        "  li a7, 220\n" /* clone */
        "  ecall\n"
        "  beqz a0, 1f\n"
        "  ret\n"
        "1: tail thread\n");
