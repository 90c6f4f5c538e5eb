/* A file of 5 GiB with holes: offsets above 32 bits. */
#include "show.h"

#define GIB (1L << 30)

int main(void)
{
	int fd = open("file", O_RDWR | O_CREAT, 0644);
	CALL(pwrite(fd, "begin", 5, 0));
	CALL(pwrite(fd, "across", 6, 4 * GIB - 3));
	CALL(pwrite(fd, "end", 3, 5 * GIB - 3));
	struct stat status;
	fstat(fd, &status);
	SHOW(status.st_size);
	SHOW(status.st_blocks);
	CALL(lseek(fd, 0, SEEK_END));
	char text[16] = "";
	CALL(pread(fd, text, sizeof(text) - 1, 4 * GIB - 3));
	FACT(memcmp(text, "across", 6) == 0 && text[6] == 0);
	CALL(pread(fd, text, sizeof(text), 3 * GIB));
	FACT(text[0] == 0);
	CALL(lseek(fd, PAGE, SEEK_DATA));
	CALL(lseek(fd, 4 * GIB + PAGE, SEEK_DATA));
	char *map = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 4 * GIB - PAGE);
	FACT(memcmp(map + PAGE - 3, "across", 6) == 0);
	CALL(ftruncate(fd, 4 * GIB));
	FACT(memcmp(map + PAGE - 3, "acr", 3) == 0);
	CALL(ftruncate(fd, 5 * GIB));
	CALL(pread(fd, text, 6, 4 * GIB - 3));
	FACT(memcmp(text, "acr\0\0\0", 6) == 0);
	CALL(ftruncate(fd, -1));
	CALL(unlink("file"));
	return 0;
}
