/* The rights of directories: search, write, and the sticky bit. */
#include "show.h"

static void as_user(void)
{
	setgid(1000);
	setuid(1000);
	CALL(access("search/inner", F_OK));
	CALL(open("search", O_RDONLY | O_DIRECTORY));
	CALL(open("list", O_RDONLY | O_DIRECTORY) >= 0);
	CALL(access("list/inner", F_OK));
	CALL(chdir("list"));
	CALL(unlink("search/inner"));
	CALL(open("search/new", O_CREAT | O_WRONLY, 0644));
	/* Sticky bit: only the owner of the file or of the directory may do this. */
	CALL(unlink("sticky/theirs"));
	CALL(rename("sticky/theirs", "sticky/x"));
	CALL(rename("sticky/mine", "sticky/theirs"));
	CALL(unlink("sticky/mine"));
	CALL(mkdir("sticky/folder", 0755));
	CALL(rmdir("sticky/folder"));
	CALL(rmdir("sticky/their-folder"));
	/* A file can be removed without the right to write it. */
	CALL(unlink("open/theirs"));
	/* A directory of another user can be renamed, but not moved to another parent. */
	CALL(rename("open/folder", "open/renamed"));
	mkdir("open/own", 0755);
	CALL(rename("open/renamed", "open/own/moved"));
	CALL(symlink("x", "search/link"));
	CALL(link("open/own", "open/hard"));
	CALL(utimensat(AT_FDCWD, "search/inner", NULL, 0));
	CALL(truncate("search/inner", 0));
}

int main(void)
{
	mkdir("search", 0711);
	mkdir("list", 0744);
	mkdir("sticky", 0777);
	chmod("sticky", 01777);
	mkdir("open", 0777);
	chmod("open", 0777);
	make_file("search/inner", "x");
	make_file("list/inner", "x");
	make_file("sticky/theirs", "x");
	make_file("sticky/mine", "x");
	chown("sticky/mine", 1000, 1000);
	mkdir("sticky/their-folder", 0777);
	make_file("open/theirs", "x");
	chmod("open/theirs", 0600);
	mkdir("open/folder", 0755);
	in_child("user", as_user);
	return 0;
}
