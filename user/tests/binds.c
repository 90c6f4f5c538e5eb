/* Bind mounts, their restrictions, moves, and pivot_root. */
#include "show.h"

#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

static char here[256];

/* Shows the roots and the mount points of the mounts below the directory of the test. */
static void show_mounts(void)
{
	static char text[1 << 14];
	int fd = open("/proc/self/mountinfo", O_RDONLY);
	ssize_t length = read(fd, text, sizeof(text) - 1), prefix = strlen(here);
	close(fd);
	text[length > 0 ? length : 0] = 0;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		char root[256], place[256], options[256];
		if (sscanf(line, "%*d %*d %*s %255s %255s %255s", root, place, options) != 3)
			continue;
		if (strncmp(place, here, prefix) || place[prefix] != '/')
			continue;
		char *shown = strstr(root, "/from");
		say("  %s on %s %s", shown ? shown : root, place + prefix, options);
	}
}

static void binds(void)
{
	struct stat a, b;
	mkdir("from", 0755);
	mkdir("from/below", 0755);
	mkdir("to", 0755);
	make_file("from/file", "text");
	make_file("target", "covered");
	make_file("to/hidden", "x");
	CALL(mount("from", "to", NULL, MS_BIND, NULL));
	show_file("to/file");
	CALL(access("to/hidden", F_OK));
	make_file("to/new", "new");
	show_file("from/new");
	stat("from", &a);
	stat("to", &b);
	FACT(a.st_dev == b.st_dev && a.st_ino == b.st_ino);
	CALL(rename("from/new", "to/renamed"));
	CALL(link("from/new", "to/linked"));
	CALL(rename("to/new", "to/renamed"));
	show_file("from/renamed");
	show_mounts();
	CALL(mount("from/file", "target", NULL, MS_BIND, NULL));
	show_file("target");
	CALL(unlink("target"));
	CALL(mount("from", "target", NULL, MS_BIND, NULL));
	CALL(mount("from/file", "to", NULL, MS_BIND, NULL));
	CALL(mount("none", "to", NULL, MS_BIND, NULL));
	CALL(mount(NULL, "to", NULL, MS_BIND, NULL));
	CALL(mount("", "to", NULL, MS_BIND, NULL));
	CALL(chdir("to/below"));
	char path[256];
	FACT(getcwd(path, sizeof(path)) && !strcmp(path + strlen(here), "/to/below"));
	CALL(chdir("../.."));
	FACT(getcwd(path, sizeof(path)) && !strcmp(path, here));
	CALL(umount("target"));
	show_file("target");
	int fd = open("to/file", O_RDONLY);
	CALL(umount("to"));
	close(fd);
	CALL(umount("to"));
	CALL(access("to/hidden", F_OK));
}

/* Opens and closes a file. */
static int can_open(const char *path, int flags)
{
	int fd = open(path, flags, 0600);
	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

static void restrictions(void)
{
	struct statfs info;
	mkdir("from", 0755);
	mkdir("to", 0755);
	make_file("from/file", "text");
	make_file("from/script", "#!/bin/sh\n");
	chmod("from/script", 0755);
	mknod("from/null", S_IFCHR | 0666, makedev(1, 3));
	CALL(mount("from", "to", NULL, MS_BIND | MS_RDONLY, NULL));
	CALL(can_open("to/written", O_CREAT | O_WRONLY));
	CALL(mount(NULL, "to", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
	CALL(can_open("to/file", O_WRONLY));
	CALL(mkdir("to/folder", 0755));
	CALL(unlink("to/file"));
	CALL(chmod("to/file", 0600));
	CALL(access("to/file", W_OK));
	CALL(utimensat(AT_FDCWD, "to/file", NULL, 0));
	CALL(truncate("to/file", 0));
	CALL(can_open("to/null", O_WRONLY));
	statfs("to", &info);
	FACT(info.f_flags & ST_RDONLY);
	CALL(can_open("from/file", O_WRONLY));
	show_mounts();
	CALL(mount(NULL, "to", NULL, MS_REMOUNT | MS_BIND | MS_NODEV | MS_NOEXEC | MS_NOSUID, NULL));
	CALL(can_open("to/null", O_WRONLY));
	CALL(can_open("from/null", O_WRONLY));
	CALL(execl("to/script", "script", NULL));
	show_mounts();
	CALL(mount(NULL, "to/file", NULL, MS_REMOUNT | MS_BIND, NULL));
	CALL(mount(NULL, "from", NULL, MS_REMOUNT | MS_BIND, NULL));
	CALL(umount("to"));
	/* A bind of a whole file system. */
	mkdir("system", 0755);
	CALL(mount("none", "system", "tmpfs", 0, NULL));
	CALL(mount("system", "to", NULL, MS_BIND, NULL));
	CALL(mount(NULL, "system", NULL, MS_REMOUNT | MS_RDONLY, NULL));
	CALL(mkdir("to/folder", 0755));
	CALL(mkdir("system/folder", 0755));
	CALL(mount(NULL, "system", NULL, MS_REMOUNT, NULL));
	CALL(mkdir("to/folder", 0755));
	CALL(umount("to"));
	CALL(umount("system"));
}

static void with_mounts(void)
{
	mkdir("from", 0755);
	mkdir("from/a", 0755);
	mkdir("to", 0755);
	mount("none", "from/a", "tmpfs", 0, NULL);
	make_file("from/a/inner", "x");
	mkdir("from/a/b", 0755);
	mount("none", "from/a/b", "tmpfs", MS_NODEV, NULL);
	make_file("from/a/b/innermost", "x");
	CALL(mount("from", "to", NULL, MS_BIND, NULL));
	CALL(access("to/a/inner", F_OK));
	CALL(umount("to"));
	CALL(mount("from", "to", NULL, MS_BIND | MS_REC, NULL));
	CALL(access("to/a/inner", F_OK));
	CALL(access("to/a/b/innermost", F_OK));
	show_mounts();
	CALL(umount("to"));
	CALL(umount2("to", MNT_DETACH));
	CALL(access("to/a", F_OK));
	CALL(access("from/a/b/innermost", F_OK));
	CALL(mount(NULL, "from/a", NULL, MS_PRIVATE, NULL));
	CALL(mount(NULL, "from/a", NULL, MS_SLAVE | MS_REC, NULL));
	CALL(mount(NULL, "from", NULL, MS_PRIVATE, NULL));
	CALL(mount(NULL, "from/a", NULL, MS_PRIVATE | MS_SLAVE, NULL));
	CALL(umount("from/a/b"));
	CALL(umount("from/a"));
}

static void moves(void)
{
	mkdir("from", 0755);
	mkdir("to", 0755);
	mount("none", "from", "tmpfs", 0, NULL);
	make_file("from/inner", "x");
	mkdir("from/within", 0755);
	int fd = open("from/inner", O_RDONLY);
	CALL(mount("from", "from/within", NULL, MS_MOVE, NULL));
	CALL(mount("from/within", "to", NULL, MS_MOVE, NULL));
	CALL(mount("to", "from", NULL, MS_MOVE, NULL));
	CALL(mount("from", "to", NULL, MS_MOVE, NULL));
	CALL(access("from/inner", F_OK));
	CALL(access("to/inner", F_OK));
	show_mounts();
	char path[256], name[64];
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	ssize_t length = readlink(name, path, sizeof(path) - 1);
	path[length > 0 ? length : 0] = 0;
	TEXT(path + strlen(here));
	close(fd);
	make_file("target", "");
	CALL(mount("to", "target", NULL, MS_MOVE, NULL));
	CALL(umount("to"));
}

static void pivots(void)
{
	char path[256];
	mkdir("new", 0755);
	mkdir("outer", 0755);
	CALL(syscall(SYS_pivot_root, "new", "new"));
	mount("none", "outer", "tmpfs", 0, NULL);
	mkdir("outer/new", 0755);
	mkdir("outer/plain", 0755);
	mount("none", "outer/new", "tmpfs", 0, NULL);
	mkdir("outer/new/old", 0755);
	make_file("outer/new/inner", "x");
	make_file("outer/outermost", "x");
	CALL(chroot("outer"));
	CALL(chdir("/"));
	CALL(syscall(SYS_pivot_root, "/new", "/plain"));
	CALL(syscall(SYS_pivot_root, "/plain", "/new/old"));
	CALL(syscall(SYS_pivot_root, "/new", "/none"));
	CALL(syscall(SYS_pivot_root, "/new", "/new/inner"));
	CALL(syscall(SYS_pivot_root, "/new", "/new/old"));
	CALL(access("/inner", F_OK));
	CALL(access("/old/outermost", F_OK));
	FACT(getcwd(path, sizeof(path)) && !strcmp(path, "/"));
	CALL(access("inner", F_OK));
	CALL(umount("/old"));
	CALL(access("/old/outermost", F_OK));
	CALL(umount2("/old", MNT_DETACH));
	setuid(1000);
	CALL(syscall(SYS_pivot_root, "/", "/"));
	CALL(mount("/", "/", NULL, MS_BIND, NULL));
}

/* Runs each part in its own directory. */
static void part(const char *name, void (*body)(void))
{
	char outer[256];
	getcwd(outer, sizeof(outer));
	mkdir(name, 0755);
	chdir(name);
	getcwd(here, sizeof(here));
	say("%s:", name);
	in_child(name, body);
	chdir(outer);
}

int main(void)
{
	part("binds", binds);
	part("restrictions", restrictions);
	part("with-mounts", with_mounts);
	part("moves", moves);
	part("pivots", pivots);
	return 0;
}
