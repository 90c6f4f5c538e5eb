/* /proc/self: exe, cwd, root, cmdline, comm, environ, fd. */
#include "show.h"

#include <dirent.h>

static void show_link(const char *path)
{
	char text[256] = "";
	long length = readlink(path, text, sizeof(text) - 1);
	if (length < 0)
		say("%s: %s", path, error_name(errno));
	else
		say("%s -> %s", path, text);
}

static void show_bytes(const char *path)
{
	char text[256];
	int fd = open(path, O_RDONLY);
	long length = read(fd, text, sizeof(text) - 1);
	for (long i = 0; i < length; i++)
		if (text[i] == 0)
			text[i] = '|';
	text[length > 0 ? length : 0] = 0;
	say("%s: %s", path, text);
	close(fd);
}

int main(int count, char **given)
{
	if (count == 1) {
		execve("/proc/self/exe", (char *[]){ "zero", "one two", "", "end", NULL }, (char *[]){ "A=b", "C=", NULL });
		return 1;
	}
	(void)given;
	char path[64], text[64] = "";
	show_link("/proc/self/exe");
	show_link("/proc/self/cwd");
	show_link("/proc/self/root");
	readlink("/proc/self", text, sizeof(text) - 1);
	FACT(atoi(text) == getpid());
	show_bytes("/proc/self/cmdline");
	show_bytes("/proc/self/environ");
	show_bytes("/proc/self/comm");
	int fd = open("file", O_RDWR | O_CREAT, 0644), ends[2];
	pipe(ends);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	show_link(path);
	unlink("file");
	show_link(path);
	struct stat status;
	CALL(stat(path, &status));
	CALL(lstat(path, &status));
	say("mode is %o", status.st_mode);
	int again = open(path, O_RDONLY);
	FACT(again >= 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[0]);
	memset(text, 0, sizeof(text));
	readlink(path, text, sizeof(text) - 1);
	FACT(strncmp(text, "pipe:[", 6) == 0);
	show_link("/proc/self/fd/99");
	snprintf(path, sizeof(path), "/proc/%d/fd", getpid());
	DIR *folder = opendir(path);
	int entries = 0;
	while (readdir(folder))
		entries++;
	/* 0, 1, 2, two descriptors of the file, two of the pipe, the directory itself, . and .. */
	SHOW(entries);
	CALL(open("/proc/99999/stat", O_RDONLY));
	CALL(open("/proc/self/none", O_RDONLY));
	CALL(mkdir("/proc/x", 0755));
	CALL(unlink("/proc/self/exe"));
	CALL(open("/proc/new", O_WRONLY | O_CREAT, 0644));
	show_link("/proc/mounts");
	mkdir("folder", 0755);
	chdir("folder");
	rmdir("/tmp/proc-self/folder");
	show_link("/proc/self/cwd");
	int script = open("/proc/self/fdinfo/1", O_RDONLY);
	FACT(script >= 0 && read(script, text, 4) == 4 && memcmp(text, "pos:", 4) == 0);
	return 0;
}
