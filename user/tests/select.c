/* select and pselect. */
#include "show.h"

#include <sys/select.h>

int main(void)
{
	int ends[2];
	pipe(ends);
	fd_set in, out, other;
	struct timeval now = { 0, 0 };
	FD_ZERO(&in); FD_ZERO(&out); FD_ZERO(&other);
	FD_SET(ends[0], &in);
	FD_SET(ends[1], &out);
	CALL(select(ends[1] + 1, &in, &out, &other, &now));
	FACT(FD_ISSET(ends[0], &in));
	FACT(FD_ISSET(ends[1], &out));
	write(ends[1], "x", 1);
	FD_SET(ends[0], &in);
	CALL(select(ends[1] + 1, &in, &out, NULL, NULL));
	FACT(FD_ISSET(ends[0], &in));
	/* Only descriptors below the first argument are used. */
	FD_ZERO(&in);
	FD_SET(ends[0], &in);
	CALL(select(ends[0], &in, NULL, NULL, &now));
	FACT(FD_ISSET(ends[0], &in));
	CALL(select(-1, NULL, NULL, NULL, &now));
	CALL(select(0, NULL, NULL, NULL, &now));
	FD_ZERO(&in);
	FD_SET(77, &in);
	CALL(select(78, &in, NULL, NULL, &now));
	struct timespec bad = { 0, -1 };
	CALL(pselect(0, NULL, NULL, NULL, &bad, NULL));
	CALL(syscall(SYS_select, 10, (void *)8, NULL, NULL, &now));
	/* The end of file can be read. */
	close(ends[1]);
	char byte;
	read(ends[0], &byte, 1);
	FD_ZERO(&in);
	FD_SET(ends[0], &in);
	CALL(select(ends[0] + 1, &in, NULL, NULL, &now));
	FACT(FD_ISSET(ends[0], &in));
	/* The remaining time is written. */
	struct timeval left = { 0, 1000 };
	CALL(select(0, NULL, NULL, NULL, &left));
	SHOW(left.tv_sec);
	SHOW(left.tv_usec);
	return 0;
}
