#ifndef PASSFD_H
#define PASSFD_H

/* One descriptor over a Unix socket pair; 0, or -1 with errno. */
int send_fd(int socket, int fd);
/* The descriptor (close-on-exec), or -1 where the other side closed or sent none. */
int receive_fd(int socket);

#endif
