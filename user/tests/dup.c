/* dup, dup2, dup3 and F_DUPFD. */
#include "show.h"

int main(void)
{
	int fd = CALL(open("file", O_RDWR | O_CREAT, 0644));
	CALL(dup(fd));
	CALL(dup(99));
	CALL(dup2(fd, 20));
	CALL(dup2(fd, fd));
	CALL(dup2(99, 99));
	CALL(dup2(99, 21));
	CALL(dup2(fd, -1));
	CALL(dup2(fd, 1 << 20));
	CALL(dup3(fd, fd, 0));
	CALL(dup3(fd, 22, O_CLOEXEC));
	CALL(dup3(fd, 23, O_APPEND));
	CALL(fcntl(22, F_GETFD));
	CALL(fcntl(20, F_GETFD));
	CALL(fcntl(fd, F_DUPFD, 20));
	CALL(fcntl(fd, F_DUPFD_CLOEXEC, 10));
	CALL(fcntl(10, F_GETFD));
	CALL(fcntl(fd, F_DUPFD, -1));
	CALL(fcntl(fd, F_DUPFD, 1 << 20));
	/* dup doesn't keep FD_CLOEXEC. */
	CALL(dup(22));
	CALL(fcntl(5, F_GETFD));
	/* The lowest free number is used. */
	close(0);
	CALL(dup(fd));
	/* dup2 closes the previous file of the number. */
	int ends[2];
	pipe(ends);
	dup2(fd, ends[1]);
	char byte;
	CALL(read(ends[0], &byte, 1));
	return 0;
}
