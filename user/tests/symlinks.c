/* symlink, readlink, and the number of links that a path may follow. */
#include "show.h"

int main(void)
{
	char text[4200], name[32], target[32];
	make_file("file", "found");
	mkdir("folder", 0755);
	CALL(symlink("file", "link"));
	CALL(symlink("file", "link"));
	CALL(symlink("", "empty"));
	CALL(symlink("x", ""));
	CALL(symlink("x", "none/link"));
	CALL(symlink("x", "folder/"));
	memset(text, 0, sizeof(text));
	CALL(readlink("link", text, sizeof(text)));
	TEXT(text);
	CALL(readlink("link", text, 2));
	CALL(readlink("file", text, sizeof(text)));
	CALL(readlink("folder", text, sizeof(text)));
	CALL(readlink("none", text, sizeof(text)));
	CALL(syscall(SYS_readlink, "link", text, 0));
	CALL(syscall(SYS_readlink, "link", 8, 10));
	int fd = open("link", O_PATH | O_NOFOLLOW);
	CALL(readlinkat(fd, "", text, sizeof(text)));
	/* A text of the longest length. */
	memset(text, 'x', sizeof(text));
	text[4095] = 0;
	CALL(symlink(text, "long"));
	text[4095] = 'x';
	text[4096] = 0;
	CALL(symlink(text, "longer"));

	/* A chain of 1,000 links. */
	symlink("file", "l0");
	for (int i = 1; i < 1000; i++) {
		snprintf(name, sizeof(name), "l%d", i);
		snprintf(target, sizeof(target), "l%d", i - 1);
		if (symlink(target, name) < 0)
			give_up(name);
	}
	CALL(access("l0", F_OK));
	CALL(access("l38", F_OK));
	CALL(access("l39", F_OK));
	CALL(access("l40", F_OK));
	CALL(access("l999", F_OK));
	CALL(open("l999", O_RDONLY));
	CALL(open("l999", O_WRONLY | O_CREAT, 0644));
	CALL(unlink("l999"));
	/* Links to directories are counted, too. */
	symlink(".", "here");
	CALL(access("here/here/here/file", F_OK));
	memset(text, 0, sizeof(text));
	for (int i = 0; i < 41; i++)
		strcat(text, "here/");
	strcat(text, "file");
	CALL(access(text, F_OK));
	CALL(access(text + 5, F_OK));
	/* Circles. */
	symlink("circle", "circle");
	CALL(access("circle", F_OK));
	CALL(lstat("circle", &(struct stat){ 0 }));
	CALL(chdir("circle"));
	symlink("/tmp/symlinks/folder/../file", "absolute");
	show_file("absolute");
	/* A slash at the end makes the last link be followed. */
	symlink("folder", "to-folder");
	struct stat status;
	lstat("to-folder/", &status);
	FACT(S_ISDIR(status.st_mode));
	CALL(rmdir("to-folder"));
	CALL(unlink("to-folder"));
	return 0;
}
