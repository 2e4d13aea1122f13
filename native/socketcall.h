#ifndef SOCKETCALL_H
#define SOCKETCALL_H

/*
 * socketcall(2) of 32-bit x86 and s390x keeps its arguments behind a pointer, where no filter sees
 * the address family; the C libraries of most distributions make their sockets by it. So the filter
 * asks: the step's init makes the socket in the program's place, of the families that it may have.
 */

/* In the command, after the filter: hands its questions (-1: it has none) to the init. */
void give_questions(int socket, int listener);
/* In the init: the descriptor to poll for questions, or -1. */
int take_questions(int socket);
/* In the init: answers one. */
void answer_question(int listener);

#endif
