/* Add, multiply, divide, take roots and convert in double precision; the answer is every bit. */
#include "bench.h"

u32 float_round(void) {
  double x = 0.5, y = 1.25, sum = 0;
  for (u32 n = 1; n <= 1500; n++) {
    double root = __builtin_sqrt(x * x + y * y + (double)(int)n);
    x = (x * 1.000244140625 + y) / root;
    y = y - x * 0.375 + 1 / (double)(int)n;
    sum += root - (double)(int)(x * 64);
    if (sum > 1e6) sum *= 0.0625;
  }
  union {
    double value;
    u64 bits;
  } result = {sum + x + y};
  return (u32)result.bits ^ (u32)(result.bits >> 32);
}
