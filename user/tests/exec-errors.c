/* execve and execveat: files that aren't programs. */
#include "show.h"

static char *arguments[] = { "x", NULL };

static void not_root(void)
{
	setuid(1000);
	CALL(execve("closed", arguments, NULL));
	CALL(execve("not-ours", arguments, NULL));
}

int main(int count, char **given)
{
	if (count > 1) {
		say("by execveat, %s", given[1]);
		return 0;
	}
	CALL(execve("none", arguments, NULL));
	CALL(execve("", arguments, NULL));
	CALL(execve("/tmp", arguments, NULL));
	make_file("plain", "");
	CALL(execve("plain", arguments, NULL));
	chmod("plain", 0755);
	CALL(execve("plain", arguments, NULL));
	CALL(execve("plain/x", arguments, NULL));
	make_file("text", "hello\n");
	chmod("text", 0755);
	CALL(execve("text", arguments, NULL));
	make_file("short", "\x7f""ELF");
	chmod("short", 0755);
	CALL(execve("short", arguments, NULL));
	symlink("loop", "loop");
	CALL(execve("loop", arguments, NULL));
	mkfifo("fifo", 0755);
	CALL(execve("fifo", arguments, NULL));
	CALL(execve("/dev/null", arguments, NULL));
	make_file("closed", "#!/none\n");
	chmod("closed", 0744);
	in_child("not root", not_root);
	/* A file that is open for writing. */
	int fd = open("plain", O_WRONLY);
	CALL(execve("plain", arguments, NULL));
	close(fd);
	/* execveat. */
	fd = open("/proc/self/exe", O_RDONLY);
	pid_t pid = fork();
	if (pid == 0) {
		syscall(SYS_execveat, fd, "", (char *[]){ "x", "descriptor", NULL }, NULL, AT_EMPTY_PATH);
		_exit(1);
	}
	finish("execveat", pid);
	int folder = open("/tests", O_PATH);
	pid = fork();
	if (pid == 0) {
		syscall(SYS_execveat, folder, "exec-errors", (char *[]){ "x", "name", NULL }, NULL, 0);
		_exit(1);
	}
	finish("execveat", pid);
	CALL(syscall(SYS_execveat, fd, "", arguments, NULL, 0));
	CALL(syscall(SYS_execveat, 99, "x", arguments, NULL, 0));
	CALL(syscall(SYS_execveat, folder, "none", arguments, NULL, 0));
	CALL(syscall(SYS_execveat, folder, "exec-errors", arguments, NULL, 0x8000));
	CALL(syscall(SYS_execveat, AT_FDCWD, "loop", arguments, NULL, AT_SYMLINK_NOFOLLOW));
	return 0;
}
