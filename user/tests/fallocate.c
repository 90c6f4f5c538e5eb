/* fallocate: reserved space, holes, and operations that tmpfs refuses. */
#include "show.h"

#define KEEP_SIZE 1
#define PUNCH_HOLE 2
#define COLLAPSE_RANGE 8

int main(void)
{
	struct stat status;
	int fd = open("file", O_RDWR | O_CREAT, 0644);
	CALL(fallocate(fd, 0, 0, 3 * PAGE));
	fstat(fd, &status);
	SHOW(status.st_size);
	SHOW(status.st_blocks);
	CALL(fallocate(fd, KEEP_SIZE, 0, 5 * PAGE));
	fstat(fd, &status);
	SHOW(status.st_size);
	char page[PAGE];
	memset(page, 'x', PAGE);
	for (int i = 0; i < 3; i++)
		pwrite(fd, page, PAGE, i * PAGE);
	CALL(fallocate(fd, PUNCH_HOLE | KEEP_SIZE, PAGE, PAGE));
	CALL(pread(fd, page, 1, PAGE));
	SHOW(page[0]);
	CALL(pread(fd, page, 1, 2 * PAGE));
	SHOW(page[0]);
	CALL(lseek(fd, 0, SEEK_HOLE));
	/* A part of a page becomes zeros. */
	CALL(fallocate(fd, PUNCH_HOLE | KEEP_SIZE, 10, 5));
	CALL(pread(fd, page, 16, 0));
	FACT(page[9] == 'x' && page[10] == 0 && page[14] == 0 && page[15] == 'x');
	CALL(fallocate(fd, PUNCH_HOLE, 0, PAGE));
	CALL(fallocate(fd, COLLAPSE_RANGE, 0, PAGE));
	CALL(fallocate(fd, 0, -1, PAGE));
	CALL(fallocate(fd, 0, 0, 0));
	CALL(fallocate(fd, 0, 0, -1));
	CALL(fallocate(fd, 0, INT64_MAX, PAGE));
	CALL(fallocate(99, 0, 0, 1));
	int readable = open("file", O_RDONLY);
	CALL(fallocate(readable, 0, 0, PAGE));
	int ends[2];
	pipe(ends);
	CALL(fallocate(ends[1], 0, 0, PAGE));
	CALL(posix_fallocate(fd, 0, 8 * PAGE));
	fstat(fd, &status);
	SHOW(status.st_size);
	return 0;
}
