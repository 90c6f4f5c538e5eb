/* read and write: lengths, directions, bad descriptors and bad memory. */
#include "show.h"

int main(void)
{
	char text[64];
	int fd = open("file", O_RDWR | O_CREAT, 0644);
	CALL(write(fd, "hello world", 11));
	CALL(read(fd, text, sizeof(text)));
	CALL(lseek(fd, 0, SEEK_SET));
	CALL(read(fd, text, 5));
	CALL(read(fd, text, sizeof(text)));
	CALL(read(fd, text, sizeof(text)));
	CALL(read(fd, text, 0));
	CALL(write(fd, text, 0));
	CALL(write(fd, NULL, 0));
	CALL(write(fd, NULL, 1));
	lseek(fd, 0, SEEK_SET);
	CALL(read(fd, NULL, 4));
	CALL(read(fd, (char *)0xffff800000000000, 4));
	CALL(lseek(fd, 0, SEEK_CUR));
	CALL(read(-1, text, 1));
	CALL(read(1000, text, 1));
	CALL(write(1000, text, 1));

	int readable = open("file", O_RDONLY), writable = open("file", O_WRONLY);
	CALL(write(readable, "x", 1));
	CALL(read(writable, text, 1));
	int folder = open(".", O_RDONLY);
	CALL(read(folder, text, 1));
	CALL(write(folder, text, 1));

	/* Bytes before inaccessible memory are read and written. */
	char *pages = new_pages(2, PROT_READ | PROT_WRITE);
	memset(pages, 'p', 2 * PAGE);
	munmap(pages + PAGE, PAGE);
	CALL(pwrite(fd, pages + PAGE - 4, 8, 0));
	lseek(fd, 0, SEEK_SET);
	memset(text, 'q', sizeof(text));
	CALL(pwrite(fd, text, 20, 0));
	CALL(lseek(fd, 0, SEEK_SET));
	long got = read(fd, pages + PAGE - 4, 8);
	FACT(got == 4 || got == -1);
	CALL(read(fd, pages + PAGE, 8));

	/* A write beyond the end leaves a hole of zeros. */
	CALL(lseek(fd, 100, SEEK_SET));
	CALL(write(fd, "end", 3));
	CALL(pread(fd, text, 8, 50));
	FACT(text[0] == 0 && text[7] == 0);
	CALL(pread(fd, text, 8, 103));
	CALL(pread(fd, text, 8, 100));
	CALL(pread(fd, text, 8, -1));
	CALL(pwrite(fd, text, 8, -1));

	/* The position belongs to the open file, which dup and fork share. */
	int twin = dup(fd);
	lseek(fd, 3, SEEK_SET);
	CALL(lseek(twin, 0, SEEK_CUR));
	if (fork() == 0) {
		lseek(fd, 7, SEEK_SET);
		_exit(0);
	}
	wait(NULL);
	CALL(lseek(twin, 0, SEEK_CUR));
	return 0;
}
