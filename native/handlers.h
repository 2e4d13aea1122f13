#ifndef HANDLERS_H
#define HANDLERS_H
#include "step.h"

/*
 * A binfmt_misc of the step's own namespace with just the handlers it was given, mounted nowhere:
 * they live as long as the descriptor that is returned. -1 without any: then the builder's
 * instance counts, which is empty.
 */
int register_handlers(const struct step_options *step);

#endif
