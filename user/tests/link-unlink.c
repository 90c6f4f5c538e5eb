/* link, unlink, linkat and unlinkat. */
#include "show.h"

int main(void)
{
	struct stat status;
	make_file("file", "content");
	mkdir("folder", 0755);
	symlink("file", "symlink");
	CALL(link("file", "second"));
	CALL(link("file", "second"));
	CALL(link("none", "x"));
	CALL(link("folder", "x"));
	CALL(link("file", "none/x"));
	CALL(link("file", "file/x"));
	CALL(link("symlink", "third"));
	lstat("third", &status);
	FACT(S_ISLNK(status.st_mode));
	CALL(linkat(AT_FDCWD, "symlink", AT_FDCWD, "fourth", AT_SYMLINK_FOLLOW));
	lstat("fourth", &status);
	FACT(S_ISREG(status.st_mode));
	SHOW(status.st_nlink);
	int fd = open("file", O_RDONLY);
	CALL(linkat(fd, "", AT_FDCWD, "fifth", AT_EMPTY_PATH));
	CALL(linkat(fd, "", AT_FDCWD, "sixth", 0x8000));
	CALL(unlink("file"));
	show_file("second");
	CALL(unlink("file"));
	CALL(unlink("folder"));
	CALL(unlink("second/"));
	CALL(unlink("second/x"));
	CALL(unlink(""));
	CALL(unlink("symlink"));
	CALL(unlinkat(AT_FDCWD, "folder", 0));
	CALL(unlinkat(AT_FDCWD, "second", AT_REMOVEDIR));
	CALL(unlinkat(AT_FDCWD, "folder", AT_REMOVEDIR));
	CALL(unlinkat(AT_FDCWD, "second", 1));
	CALL(unlinkat(99, "second", 0));
	CALL(unlinkat(fd, "second", 0));
	/* A name is added to a file that was made without one. */
	int hidden = open(".", O_TMPFILE | O_RDWR, 0644);
	write(hidden, "hidden", 6);
	CALL(linkat(hidden, "", AT_FDCWD, "visible", AT_EMPTY_PATH));
	show_file("visible");
	/* A name that is too long, and one that isn't. */
	char name[300];
	memset(name, 'n', sizeof(name));
	name[256] = 0;
	CALL(link("second", name));
	name[255] = 0;
	CALL(link("second", name));
	CALL(unlink(name));
	return 0;
}
