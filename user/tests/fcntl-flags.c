/* fcntl: the flags of descriptors and of open files. */
#include "show.h"

static void show_flags(int fd)
{
	int flags = fcntl(fd, F_GETFL);
	say("access %d%s%s%s", flags & O_ACCMODE, flags & O_APPEND ? " O_APPEND" : "",
	    flags & O_NONBLOCK ? " O_NONBLOCK" : "", flags & O_ASYNC ? " O_ASYNC" : "");
}

int main(void)
{
	int fd = open("file", O_RDWR | O_CREAT | O_CLOEXEC | O_TRUNC, 0644);
	CALL(fcntl(fd, F_GETFD));
	CALL(fcntl(fd, F_SETFD, 0));
	CALL(fcntl(fd, F_GETFD));
	CALL(fcntl(fd, F_SETFD, FD_CLOEXEC | 0x10));
	CALL(fcntl(fd, F_GETFD));
	show_flags(fd);
	CALL(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK));
	show_flags(fd);
	/* Flags of access and creation can't be changed. */
	CALL(fcntl(fd, F_SETFL, O_WRONLY | O_CREAT));
	show_flags(fd);
	int twin = dup(fd);
	fcntl(twin, F_SETFL, O_NONBLOCK);
	show_flags(fd);
	CALL(fcntl(fd, 9999));
	CALL(fcntl(99, F_GETFD));
	CALL(fcntl(99, F_SETFL, 0));
	int ends[2];
	CALL(pipe2(ends, O_NONBLOCK | O_CLOEXEC));
	show_flags(ends[0]);
	show_flags(ends[1]);
	CALL(fcntl(ends[0], F_GETFD));
	char byte;
	CALL(read(ends[0], &byte, 1));
	CALL(fcntl(ends[0], F_SETFL, 0));
	CALL(fcntl(ends[0], F_GETPIPE_SZ));
	CALL(fcntl(fd, F_GETPIPE_SZ));
	CALL(fcntl(ends[0], F_SETPIPE_SZ, 5000));
	CALL(fcntl(ends[0], F_SETPIPE_SZ, 1));
	write(ends[1], "x", 1);
	CALL(fcntl(ends[1], F_GETPIPE_SZ));
	return 0;
}
