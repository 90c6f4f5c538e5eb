/* close and close_range. */
#include "show.h"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#define CLOSE_RANGE_CLOEXEC 4

int main(void)
{
	int fd = open("file", O_RDWR | O_CREAT, 0644);
	CALL(close(fd));
	CALL(close(fd));
	CALL(close(-1));
	CALL(close(1 << 20));
	for (int i = 10; i < 20; i++)
		dup2(1, i);
	CALL(syscall(SYS_close_range, 12, 14, 0));
	CALL(fcntl(11, F_GETFD));
	CALL(fcntl(12, F_GETFD));
	CALL(fcntl(14, F_GETFD));
	CALL(fcntl(15, F_GETFD));
	CALL(syscall(SYS_close_range, 15, 16, CLOSE_RANGE_CLOEXEC));
	CALL(fcntl(16, F_GETFD));
	CALL(fcntl(17, F_GETFD));
	CALL(syscall(SYS_close_range, 14, 12, 0));
	CALL(syscall(SYS_close_range, 12, 14, 0x100));
	CALL(syscall(SYS_close_range, 10, ~0U, 0));
	CALL(fcntl(19, F_GETFD));
	/* A file without a name exists until its last descriptor is closed. */
	fd = open("gone", O_RDWR | O_CREAT, 0644);
	unlink("gone");
	CALL(write(fd, "alive", 5));
	char text[8] = "";
	CALL(pread(fd, text, 5, 0));
	TEXT(text);
	struct stat status;
	fstat(fd, &status);
	SHOW(status.st_nlink);
	return 0;
}
