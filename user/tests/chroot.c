/* chroot: the root of a process and its children. */
#include "show.h"

static void inside(void)
{
	char text[256];
	CALL(chroot("root"));
	/* The working directory is still outside of the root. */
	CALL(access("root", F_OK));
	CALL(chdir("/"));
	TEXT(getcwd(text, sizeof(text)));
	CALL(access("/tmp", F_OK));
	CALL(access("/file", F_OK));
	CALL(chdir(".."));
	CALL(access("file", F_OK));
	CALL(access("../../../file", F_OK));
	CALL(access("/link", F_OK));
	CALL(access("/outside", F_OK));
}

static void not_root(void)
{
	setuid(1000);
	CALL(chroot("root"));
}

int main(void)
{
	mkdir("root", 0755);
	make_file("root/file", "x");
	make_file("above", "x");
	symlink("/file", "root/link");
	symlink("../above", "root/outside");
	CALL(access("root/link", F_OK));
	CALL(access("root/outside", F_OK));
	in_child("inside", inside);
	in_child("not root", not_root);
	CALL(access("/tmp", F_OK));
	CALL(chroot("above"));
	CALL(chroot("none"));
	return 0;
}
