#include "mips64.h"
