/* Finds and encodes repeated words in 8 KiB of text, decodes them again and compares. */
#include "bench.h"

enum { SIZE = 8192, SLOTS = 4096, SHORTEST = 4, LONGEST = 258 };

static u8 text[SIZE], packed[SIZE * 2], unpacked[SIZE];

static void write_text(void) {
  static const char *const words[8] = {"checking ", "for ", "install ", "library ",
                                       "configure: ", "the ", "yes\n", "version "};
  u32 state = 521288629u;
  for (u32 at = 0; at < SIZE;) {
    const char *word = words[next(&state) >> 12 & 7];
    while (*word && at < SIZE) text[at++] = (u8)*word++;
    if (at < SIZE && (state & 3) == 0) text[at++] = (u8)('0' + (state >> 20) % 10);
  }
}

static u32 slot_of(const u8 *at) {
  u32 word = at[0] | (u32)at[1] << 8 | (u32)at[2] << 16 | (u32)at[3] << 24;
  return word * 2654435761u >> 20;
}

/* 0 LITERAL, or LENGTH-3 and the distance in two bytes. */
static u32 pack(void) {
  static u32 seen[SLOTS];
  for (u32 at = 0; at < SLOTS; at++) seen[at] = 0;
  u32 at = 0, out = 0;
  while (at < SIZE) {
    u32 length = 0, from = 0;
    if (at + SHORTEST <= SIZE) {
      u32 *slot = &seen[slot_of(text + at)];
      from = *slot;
      *slot = at + 1;
      if (from--)
        while (length < LONGEST && at + length < SIZE && text[from + length] == text[at + length])
          length++;
    }
    if (length < SHORTEST) {
      packed[out++] = 0;
      packed[out++] = text[at++];
    } else {
      packed[out++] = (u8)(length - 3);
      packed[out++] = (u8)((at - from) >> 8);
      packed[out++] = (u8)(at - from);
      at += length;
    }
  }
  return out;
}

static u32 unpack(u32 size) {
  u32 out = 0;
  for (u32 at = 0; at < size;) {
    u32 length = packed[at++];
    if (length == 0) {
      unpacked[out++] = packed[at++];
      continue;
    }
    u32 distance = (u32)packed[at] << 8 | packed[at + 1];
    at += 2;
    for (length += 3; length > 0; length--, out++) unpacked[out] = unpacked[out - distance];
  }
  return out;
}

u32 compress_round(void) {
  if (text[0] == 0) write_text();
  u32 size = pack();
  if (unpack(size) != SIZE) return 0;
  u32 sum = size;
  for (u32 at = 0; at < SIZE; at++) {
    if (unpacked[at] != text[at]) return 0;
    sum = rotate(sum, 1) + unpacked[at];
  }
  return sum;
}
