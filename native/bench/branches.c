/* An interpreter: switches, unpredictable decisions, calls through pointers, recursion. */
#include "bench.h"

static u32 double_it(u32 value) { return value << 1 | value >> 31; }
static u32 invert(u32 value) { return ~value; }
static u32 mix(u32 value) { return value ^ value >> 15; }
static u32 add_odd(u32 value) { return value + 0x6d2b79f5u; }

static u32 (*const volatile actions[4])(u32) = {double_it, invert, mix, add_odd};

/* Calls that return soon: where arm64 signs return addresses, as distributions do, it shows. */
static __attribute__((noinline)) u32 tree(u32 depth) {
  return depth < 2 ? depth + 1 : rotate(tree(depth - 1), 3) + tree(depth - 2);
}

u32 branch_round(void) {
  u32 state = 88172645u, value = 1;
  for (u32 n = 0; n < 2500; n++) {
    u32 word = next(&state);
    switch (word & 7) {
      case 0: value += word; break;
      case 1: value = value > word ? value - word : word - value; break;
      case 2: value = actions[word >> 8 & 3](value); break;
      case 3: value ^= tree(word >> 16 & 7); break;
      case 4: if (value & 1) value = value * 3 + 1; else value >>= 1; break;
      case 5: value = rotate(value, 5); break;
      case 6: value = actions[value & 3](word); break;
      default: value -= n;
    }
  }
  return value;
}
