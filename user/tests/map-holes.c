/* Writes to the holes of a file by a mapping. */
#include "show.h"

int main(void)
{
	struct stat status;
	int fd = open("file", O_RDWR | O_CREAT, 0644);
	ftruncate(fd, 10 * PAGE);
	char *map = mmap(NULL, 10 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	SHOW(map[3 * PAGE]);
	CALL(lseek(fd, 7 * PAGE, SEEK_DATA));
	map[7 * PAGE] = 'x';
	CALL(lseek(fd, 7 * PAGE, SEEK_DATA));
	fstat(fd, &status);
	FACT(status.st_blocks >= 8);
	char byte;
	CALL(pread(fd, &byte, 1, 7 * PAGE));
	SHOW(byte);
	CALL(fallocate(fd, 3, 7 * PAGE, PAGE));
	SHOW(map[7 * PAGE]);
	/* Two mappings of a file share its pages. */
	char *again = mmap(NULL, 10 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	map[9 * PAGE + 1] = 'y';
	SHOW(again[9 * PAGE + 1]);
	/* A mapping keeps a file that has no names or descriptors. */
	close(fd);
	unlink("file");
	SHOW(again[9 * PAGE + 1]);
	return 0;
}
