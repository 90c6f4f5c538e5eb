/* getcwd, chdir and fchdir. */
#include "show.h"

int main(void)
{
	char text[256];
	mkdir("a", 0755);
	mkdir("a/b", 0755);
	make_file("file", "x");
	symlink("a/b", "link");
	CALL(chdir("a/b"));
	TEXT(getcwd(text, sizeof(text)));
	CALL(chdir(".."));
	TEXT(getcwd(text, sizeof(text)));
	CALL(chdir(".."));
	CALL(chdir("link"));
	TEXT(getcwd(text, sizeof(text)));
	CALL(chdir("/tmp/getcwd"));
	CALL(chdir("file"));
	CALL(chdir("none"));
	CALL(chdir(""));
	CALL(chdir("file/.."));
	int fd = open("a", O_RDONLY | O_DIRECTORY);
	CALL(fchdir(fd));
	TEXT(getcwd(text, sizeof(text)));
	close(fd);
	CALL(fchdir(fd));
	fd = open("../file", O_RDONLY);
	CALL(fchdir(fd));
	/* The system call counts the zero at the end. */
	CALL(syscall(SYS_getcwd, text, sizeof(text)));
	CALL(syscall(SYS_getcwd, text, 5));
	CALL(syscall(SYS_getcwd, text, 0));
	CALL(syscall(SYS_getcwd, NULL, 100));
	/* A directory without a name. */
	CALL(chdir("b"));
	CALL(rmdir("/tmp/getcwd/a/b"));
	CALL(syscall(SYS_getcwd, text, sizeof(text)));
	CALL(open(".", O_RDONLY));
	CALL(open("new", O_CREAT | O_WRONLY, 0644));
	CALL(chdir(".."));
	TEXT(getcwd(text, sizeof(text)));
	return 0;
}
