/* truncate and ftruncate. */
#include "show.h"

int main(void)
{
	make_file("file", "0123456789");
	mkdir("folder", 0755);
	CALL(truncate("file", 4));
	show_file("file");
	CALL(truncate("file", 6));
	struct stat status;
	stat("file", &status);
	SHOW(status.st_size);
	int fd = open("file", O_RDWR);
	char text[8];
	CALL(read(fd, text, sizeof(text)));
	FACT(memcmp(text, "0123\0\0", 6) == 0);
	CALL(ftruncate(fd, 0));
	/* The position doesn't change. */
	CALL(lseek(fd, 0, SEEK_CUR));
	CALL(write(fd, "x", 1));
	fstat(fd, &status);
	SHOW(status.st_size);
	CALL(truncate("file", -1));
	CALL(truncate("folder", 0));
	CALL(truncate("none", 0));
	CALL(truncate("file/x", 0));
	int readable = open("file", O_RDONLY);
	CALL(ftruncate(readable, 0));
	CALL(ftruncate(99, 0));
	int ends[2];
	pipe(ends);
	CALL(ftruncate(ends[1], 0));
	int folder = open("folder", O_RDONLY);
	CALL(ftruncate(folder, 0));
	return 0;
}
