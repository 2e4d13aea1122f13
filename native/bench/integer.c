/* Multiply, add, shift and rotate in 32 and 64 bits. */
#include "bench.h"

u32 integer_round(void) {
  u32 a = 1, b = 0x9e3779b9u;
  u64 wide = 0x0123456789abcdefull;
  for (u32 n = 0; n < 4000; n++) {
    a = a * 1664525u + 1013904223u;
    b = rotate(b ^ a, 7) + n;
    wide = wide * 6364136223846793005ull + b;
    wide ^= wide >> 29;
    a -= (u32)(wide >> 32) & b;
  }
  return a ^ b ^ (u32)wide ^ (u32)(wide >> 32);
}
