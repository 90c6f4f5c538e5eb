/* open: each flag, and each error. */
#include "show.h"

int main(void)
{
	make_file("file", "0123456789");
	mkdir("folder", 0755);
	symlink("file", "link");
	symlink("nowhere", "dangling");
	mkfifo("fifo", 0644);

	CALL(open("file", O_RDONLY));
	CALL(open("none", O_RDONLY));
	CALL(open("", O_RDONLY));
	CALL(open("file/", O_RDONLY));
	CALL(open("file/below", O_RDONLY));
	CALL(open("none/below", O_RDONLY));
	CALL(open("folder", O_RDONLY));
	CALL(open("folder", O_WRONLY));
	CALL(open("folder", O_RDWR));
	CALL(open("folder/", O_RDONLY | O_DIRECTORY));
	CALL(open("file", O_RDONLY | O_DIRECTORY));
	CALL(open("folder", O_RDONLY | O_CREAT, 0644));
	CALL(open("new/", O_WRONLY | O_CREAT, 0644));
	CALL(open("file", O_WRONLY | O_CREAT | O_EXCL, 0644));
	CALL(open("dangling", O_WRONLY | O_CREAT | O_EXCL, 0644));
	CALL(open("link", O_RDONLY | O_NOFOLLOW));
	CALL(open("dangling", O_RDONLY));
	CALL(open("dangling", O_WRONLY | O_CREAT, 0600));
	CALL(access("nowhere", F_OK));
	CALL(open("fifo", O_WRONLY | O_NONBLOCK));
	CALL(open("fifo", O_RDONLY | O_NONBLOCK));
	CALL(open("fifo", O_WRONLY | O_NONBLOCK));

	/* O_TRUNC also works if the descriptor isn't writable. */
	int fd = CALL(open("file", O_RDONLY | O_TRUNC));
	struct stat status;
	CALL(fstat(fd, &status));
	SHOW(status.st_size);

	/* O_APPEND writes at the end, wherever the position is. */
	make_file("file", "abc");
	fd = open("file", O_RDWR | O_APPEND);
	CALL(lseek(fd, 0, SEEK_SET));
	CALL(write(fd, "de", 2));
	CALL(lseek(fd, 0, SEEK_CUR));
	CALL(pwrite(fd, "fg", 2, 0));
	show_file("file");

	/* O_PATH opens only a path, not the file. */
	fd = open("file", O_PATH);
	char byte;
	CALL(read(fd, &byte, 1));
	CALL(write(fd, &byte, 1));
	CALL(ftruncate(fd, 0));
	CALL(fchmod(fd, 0600));
	CALL(fstat(fd, &status));
	FACT(fcntl(fd, F_GETFL) == O_PATH);
	fd = CALL(open("link", O_PATH | O_NOFOLLOW));
	fstat(fd, &status);
	FACT(S_ISLNK(status.st_mode));

	/* A file without a name. */
	fd = DONE(open(".", O_TMPFILE | O_RDWR, 0600));
	fstat(fd, &status);
	SHOW(status.st_nlink);
	CALL(open(".", O_TMPFILE | O_RDONLY, 0600));
	CALL(open("file", O_TMPFILE | O_RDWR, 0600));

	/* A mode without read and write permission applies to later opens, not to this one. */
	fd = DONE(open("locked", O_RDWR | O_CREAT, 0));
	CALL(write(fd, "x", 1));
	fstat(fd, &status);
	say("mode is %o", status.st_mode);
	DONE(creat("created", 04777));
	stat("created", &status);
	say("mode is %o", status.st_mode);
	CALL(syscall(SYS_open, "file", 3));
	CALL(syscall(SYS_open, (char *)8, O_RDONLY));
	return 0;
}
