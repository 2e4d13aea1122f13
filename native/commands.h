#ifndef COMMANDS_H
#define COMMANDS_H

/* Each takes the words after its name and returns the exit status. */
int enter_command(int count, char **words);
int step_command(int count, char **words);
int view_command(int count, char **words);
int follow_command(int count, char **words);
int lock_command(int count, char **words);

/* A descriptor number from the command line, now close-on-exec. */
int take_fd(const char *text);
/* A number from 0 to `most`, or the process ends with a report. */
long take_number(const char *text, long most);

#endif
