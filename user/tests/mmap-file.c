/* Mappings of files: private and shared, beyond the end, and errors. */
#include "show.h"

int main(void)
{
	int both = PROT_READ | PROT_WRITE;
	char text[16] = "";
	int fd = open("file", O_RDWR | O_CREAT, 0644);
	ftruncate(fd, 2 * PAGE + 100);
	pwrite(fd, "first", 5, 0);
	pwrite(fd, "second", 6, PAGE);
	char *shared = mmap(NULL, 3 * PAGE, both, MAP_SHARED, fd, 0);
	char *private = mmap(NULL, 3 * PAGE, both, MAP_PRIVATE, fd, 0);
	say("%.5s %.6s", shared, shared + PAGE);
	memcpy(shared, "FIRST", 5);
	CALL(pread(fd, text, 5, 0));
	TEXT(text);
	say("%.5s", private);
	memcpy(private + PAGE, "mine..", 6);
	say("%.6s", shared + PAGE);
	pwrite(fd, "theirs", 6, PAGE);
	say("%.6s %.6s", shared + PAGE, private + PAGE);
	/* The rest of the last page is zero, and is never written to the file. */
	SHOW(shared[2 * PAGE + 200]);
	shared[2 * PAGE + 200] = 'x';
	ftruncate(fd, 3 * PAGE);
	CALL(pread(fd, text, 1, 2 * PAGE + 200));
	SHOW(text[0]);
	/* The mapping stays when the descriptor is closed. */
	close(fd);
	memcpy(shared + 10, "later", 5);
	fd = open("file", O_RDONLY);
	CALL(pread(fd, text, 5, 10));
	TEXT(text);
	munmap(shared, 3 * PAGE);

	CALL(mmap(NULL, PAGE, both, MAP_SHARED, fd, 0));
	DONE(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0));
	DONE(mmap(NULL, PAGE, both, MAP_PRIVATE, fd, 0));
	char *readable = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	CALL(mprotect(readable, PAGE, both));
	int writable = open("file", O_WRONLY);
	CALL(mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, writable, 0));
	CALL(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, writable, 0));
	CALL(syscall(SYS_mmap, 0, PAGE, PROT_READ, MAP_SHARED, fd, 100));
	CALL(mmap(NULL, 0, PROT_READ, MAP_SHARED, fd, 0));
	CALL(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, 99, 0));
	CALL(mmap(NULL, PAGE, PROT_READ, 0, fd, 0));
	CALL(mmap(NULL, PAGE, PROT_READ, MAP_SHARED | MAP_PRIVATE, fd, 0) == MAP_FAILED);
	CALL(syscall(SYS_mmap, 0, PAGE, PROT_READ, 3 | 0x800000, fd, 0));
	DONE(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 100 * PAGE));
	CALL(syscall(SYS_mmap, 0, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0x7ffffffffffff000));
	int folder = open(".", O_RDONLY), ends[2];
	pipe(ends);
	CALL(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, folder, 0));
	CALL(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, ends[0], 0));
	int zero = open("/dev/zero", O_RDWR);
	char *zeroes = mmap(NULL, PAGE, both, MAP_PRIVATE, zero, 0);
	FACT(zeroes != MAP_FAILED && zeroes[7] == 0);
	return 0;
}
