#ifndef EXECUTE_H
#define EXECUTE_H

/* Becomes the program, looked for in PATH where its name has no slash. Returns with errno. */
void execute(const char *program, char **command);

#endif
