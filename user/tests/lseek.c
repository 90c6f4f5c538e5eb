/* lseek: every value of whence, and errors. */
#include "show.h"

int main(void)
{
	int fd = open("file", O_RDWR | O_CREAT, 0644);
	ftruncate(fd, 1000);
	CALL(lseek(fd, 10, SEEK_SET));
	CALL(lseek(fd, 10, SEEK_CUR));
	CALL(lseek(fd, -30, SEEK_CUR));
	CALL(lseek(fd, 0, SEEK_CUR));
	CALL(lseek(fd, -1, SEEK_SET));
	CALL(lseek(fd, 0, SEEK_END));
	CALL(lseek(fd, 5, SEEK_END));
	CALL(lseek(fd, -1001, SEEK_END));
	CALL(lseek(fd, INT64_MAX, SEEK_SET));
	CALL(lseek(fd, 1, SEEK_CUR));
	CALL(lseek(fd, 1L << 40, SEEK_SET));
	CALL(lseek(fd, 0, 99));
	CALL(lseek(99, 0, SEEK_SET));
	char byte;
	CALL(read(fd, &byte, 1));
	int ends[2];
	pipe(ends);
	CALL(lseek(ends[0], 0, SEEK_SET));
	CALL(lseek(ends[0], 0, SEEK_CUR));
	mkdir("folder", 0755);
	int folder = open("folder", O_RDONLY);
	CALL(lseek(folder, 0, SEEK_SET));
	CALL(lseek(folder, -1, SEEK_SET));
	int null = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDWR);
	CALL(lseek(null, 5, SEEK_SET));
	CALL(lseek(zero, 5, SEEK_SET));
	return 0;
}
