/* SEEK_DATA and SEEK_HOLE on tmpfs, whose blocks are pages. */
#include "show.h"

int main(void)
{
	int fd = open("file", O_RDWR | O_CREAT, 0644);
	CALL(lseek(fd, 0, SEEK_DATA));
	CALL(lseek(fd, 0, SEEK_HOLE));
	CALL(pwrite(fd, "x", 1, 5 * PAGE));
	CALL(lseek(fd, 0, SEEK_DATA));
	CALL(lseek(fd, 0, SEEK_HOLE));
	CALL(lseek(fd, 5 * PAGE, SEEK_HOLE));
	CALL(lseek(fd, 5 * PAGE + 1, SEEK_DATA));
	ftruncate(fd, 10 * PAGE);
	CALL(lseek(fd, 5 * PAGE, SEEK_HOLE));
	CALL(lseek(fd, 5 * PAGE + 7, SEEK_DATA));
	CALL(lseek(fd, 6 * PAGE, SEEK_DATA));
	CALL(lseek(fd, 7 * PAGE, SEEK_HOLE));
	CALL(lseek(fd, 10 * PAGE, SEEK_HOLE));
	CALL(lseek(fd, 10 * PAGE, SEEK_DATA));
	CALL(lseek(fd, -1, SEEK_DATA));
	struct stat status;
	fstat(fd, &status);
	SHOW(status.st_blocks);
	CALL(pwrite(fd, "x", 1, 8 * PAGE));
	fstat(fd, &status);
	SHOW(status.st_blocks);
	CALL(lseek(fd, 6 * PAGE, SEEK_DATA));
	CALL(lseek(fd, 8 * PAGE, SEEK_HOLE));
	return 0;
}
