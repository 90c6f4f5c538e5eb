/* A program from a file without a name. */
#include "show.h"

int main(int count, char **given)
{
	if (count > 1) {
		char text[64] = "";
		long length = readlink("/proc/self/exe", text, sizeof(text) - 1);
		say("%s: %s", given[1], length > 0 ? text : error_name(errno));
		return 5;
	}
	static char block[1 << 20];
	int from = open("/proc/self/exe", O_RDONLY), fd = memfd_create("program", MFD_CLOEXEC);
	long length = read(from, block, sizeof(block));
	FACT(write(fd, block, length) == length);
	pid_t pid = fork();
	if (pid == 0) {
		syscall(SYS_execveat, fd, "", (char *[]){ "x", "memfd", NULL }, NULL, AT_EMPTY_PATH);
		say("execveat: %s", error_name(errno));
		_exit(1);
	}
	finish("memfd", pid);
	/* A file that is removed while it runs. */
	int copy = open("copy", O_WRONLY | O_CREAT, 0755);
	FACT(write(copy, block, length) == length);
	close(copy);
	pid = fork();
	if (pid == 0) {
		int ends[2];
		pipe(ends);
		execl("./copy", "x", "copy", (char *)NULL);
		_exit(1);
	}
	finish("copy", pid);
	unlink("copy");
	CALL(access("copy", F_OK));
	return 0;
}
