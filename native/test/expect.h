#ifndef EXPECT_H
#define EXPECT_H
#include <stdio.h>
#include <stdlib.h>

/* Ends the program with the place and the words of what does not hold. */
#define EXPECT(condition)                                                     \
  do {                                                                        \
    if (!(condition)) {                                                       \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      exit(1);                                                                \
    }                                                                         \
  } while (0)

#endif
