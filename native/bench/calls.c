/* System calls that do nearly nothing: one with only a number, one that fills a structure. */
#include "bench.h"

u32 call_round(void) {
  static char facts[6 * 65];
  int first = parent();
  u32 same = 0;
  for (u32 n = 0; n < 45; n++) same += parent() == first;
  for (u32 n = 0; n < 5; n++) same += names(facts) == 0 && facts[0] == 'L';
  return same;
}
