#include "step.h"
#include "commands.h"
#include "fail.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* More seconds than anybody waits, more processes than a kernel counts, more bytes than there are. */
static const long longest_time = 1L << 31, most_processes = 1L << 22, most_memory = 1L << 52;
/* The last is no id: it means "unchanged" to the kernel. */
static const long highest_id = UINT_MAX - 1L;

static void parse_groups(struct identity *identity, const char *list) {
  char words[4096];
  if (strlen(list) >= sizeof words) refuse("arguments", "--groups", "too many groups");
  strcpy(words, list);
  for (char *word = strtok(words, ","); word; word = strtok(NULL, ",")) {
    if (identity->group_count == MAX_GROUPS) refuse("arguments", "--groups", "too many groups");
    identity->groups[identity->group_count++] = (gid_t)take_number(word, highest_id);
  }
}

static void add_file(struct step_options *step, char **values) {
  if (step->file_count == MAX_FILES) refuse("arguments", "--file", "too many files");
  step->files[step->file_count++] = (struct private_file){values[0], values[1]};
}

static void add_bind(struct step_options *step, char **values, int read_only) {
  if (step->bind_count == MAX_BINDS) refuse("arguments", "--bind", "too many binds");
  step->binds[step->bind_count++] = (struct bind){values[0], values[1], read_only};
}

static void add_handler(struct step_options *step, const char *entry) {
  if (step->handler_count == MAX_HANDLERS) refuse("arguments", "--handler", "too many handlers");
  step->handlers[step->handler_count++] = entry;
}

/* Options with two values; 0 where the word is none of them. */
static int parse_pair(struct step_options *step, const char *word, char **values, int left) {
  enum { file, bind, bind_read_only } option;
  if (strcmp(word, "--file") == 0) option = file;
  else if (strcmp(word, "--bind") == 0) option = bind;
  else if (strcmp(word, "--bind-read-only") == 0) option = bind_read_only;
  else return 0;
  if (left < 2) refuse("arguments", word, "needs two values");
  if (option == file) add_file(step, values);
  else add_bind(step, values, option == bind_read_only);
  return 2;
}

/* Options with one value; 0 where the word is none of them. */
static int parse_value(struct step_options *step, const char *word, char **values) {
  const char *value = values[0];
  if (strcmp(word, "--report-fd") == 0) report_fd = take_fd(value);
  else if (strcmp(word, "--root-fd") == 0) step->root_fd = take_fd(value);
  else if (strcmp(word, "--ready-fd") == 0) step->ready_fd = take_fd(value);
  else if (strcmp(word, "--attach") == 0) step->attach = value;
  else if (strcmp(word, "--hostname") == 0) step->hostname = value;
  else if (strcmp(word, "--directory") == 0) step->directory = value;
  else if (strcmp(word, "--program") == 0) step->program = value;
  else if (strcmp(word, "--user") == 0)
    step->identity.user = (uid_t)take_number(value, highest_id);
  else if (strcmp(word, "--group") == 0)
    step->identity.group = (gid_t)take_number(value, highest_id);
  else if (strcmp(word, "--groups") == 0) parse_groups(&step->identity, value);
  else if (strcmp(word, "--handler") == 0) add_handler(step, value);
  else if (strcmp(word, "--time-limit") == 0) step->time_limit = take_number(value, longest_time);
  else if (strcmp(word, "--processes") == 0) step->processes = take_number(value, most_processes);
  else if (strcmp(word, "--memory") == 0) step->memory = take_number(value, most_memory);
  else return 0;
  return 1;
}

static int parse_switch(struct step_options *step, const char *word) {
  if (strcmp(word, "--own-network") == 0) step->own_network = 1;
  else if (strcmp(word, "--terminal") == 0) step->terminal = 1;
  else if (strcmp(word, "--answer-syncs") == 0) step->answer_syncs = 1;
  else if (strcmp(word, "--linux32") == 0) step->linux32 = 1;
  else if (strcmp(word, "--own-output") == 0) step->own_output = 1;
  else return 0;
  return 1;
}

void parse_step(struct step_options *step, int count, char **words) {
  *step = (struct step_options){.root_fd = -1, .ready_fd = -1, .hostname = "mpkit", .directory = "/"};
  for (int i = 0; i < count; i++) {
    if (strcmp(words[i], "--") == 0) {
      if (i + 1 < count) step->command = words + i + 1;
      break;
    }
    if (parse_switch(step, words[i])) continue;
    const int left = count - i - 1;
    int taken = parse_pair(step, words[i], words + i + 1, left);
    if (taken == 0 && left > 0) taken = parse_value(step, words[i], words + i + 1);
    if (taken == 0) refuse("arguments", words[i], left > 0 ? "unknown option" : "unknown, or a value is missing");
    i += taken;
  }
  if (step->root_fd < 0 || !step->attach || !step->command)
    refuse("arguments", "step", "needs --root-fd, --attach and a command");
}
