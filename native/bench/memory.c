/* Reads that wait for each other, all over one MiB, and a copy of 64 KiB. */
#include "bench.h"

enum { WORDS = 1 << 18, COPIED = 1 << 14, STEPS = 4096 };

static u32 words[WORDS];
static u32 copy[COPIED];

static void fill(void) {
  u32 state = 2463534242u;
  for (u32 at = 0; at < WORDS; at++) words[at] = next(&state);
}

u32 memory_round(void) {
  if (words[0] == 0) fill();
  u32 at = 0, sum = 0;
  for (u32 n = 0; n < STEPS; n++) {
    u32 word = words[at];
    sum += word;
    at = (word ^ n * 2654435761u) & (WORDS - 1);
  }
  const u32 *from = words + (sum & (COPIED - 1));
  for (u32 n = 0; n < COPIED; n++) copy[n] = from[n];
  for (u32 n = 0; n < COPIED; n += 16) sum = rotate(sum, 1) + copy[n];
  return sum;
}
