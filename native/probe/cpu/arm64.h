#include "generic-calls.h"

static inline long call(long number, long a, long b, long c, long d, long e) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  __asm__ volatile("svc #0"
                   : "+r"(x0)
                   : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4)
                   : "memory");
  return x0;
}

#include "common.h"

__asm__(".text\n"
        ".globl _start, start_thread\n"
        "_start:\n"
        "  mov x0, sp\n"
        "  b start\n"
        "start_thread:\n"
        "  mov x2, #0\n"
        "  mov x3, #0\n"
        "  mov x4, #0\n"
        "  mov x8, #220\n" /* clone */
        "  svc #0\n"
        "  cbz x0, 1f\n"
        "  ret\n"
        "1: b thread\n");
