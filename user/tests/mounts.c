/* mount and umount of a tmpfs. */
#include "show.h"

#include <sys/mount.h>

static void not_root(void)
{
	setuid(1000);
	CALL(mount("none", "point", "tmpfs", 0, NULL));
	CALL(umount("point"));
}

int main(void)
{
	struct stat outside, inside;
	mkdir("point", 0755);
	make_file("point/hidden", "x");
	stat("point", &outside);
	CALL(mount("none", "point", "tmpfs", 0, "size=64k,mode=700"));
	stat("point", &inside);
	FACT(outside.st_dev != inside.st_dev);
	say("mode is %o", inside.st_mode);
	CALL(access("point/hidden", F_OK));
	int fd = open("point/file", O_RDWR | O_CREAT, 0644);
	static char block[65536 + 4096];
	CALL(write(fd, block, sizeof(block)));
	CALL(write(fd, block, 1));
	CALL(rename("point/file", "file"));
	CALL(link("point/file", "file"));
	CALL(rmdir("point"));
	CALL(umount("point"));
	CALL(mount("none", "point", NULL, MS_REMOUNT | MS_RDONLY, NULL));
	CALL(write(fd, block, 0));
	CALL(chmod("point/file", 0600));
	close(fd);
	CALL(mount("none", "point", NULL, MS_REMOUNT | MS_RDONLY, NULL));
	CALL(open("point/file", O_RDWR));
	CALL(open("point/new", O_RDWR | O_CREAT, 0644));
	CALL(open("point/file", O_RDONLY) >= 0);
	CALL(mkdir("point/folder", 0755));
	CALL(unlink("point/file"));
	CALL(umount2("point", MNT_DETACH));
	CALL(access("point/hidden", F_OK));
	CALL(umount("point"));
	CALL(mount("none", "point", "no-such-system", 0, NULL));
	CALL(mount("none", "nowhere", "tmpfs", 0, NULL));
	CALL(mount("none", "point/hidden", "tmpfs", 0, NULL));
	in_child("not root", not_root);
	return 0;
}
