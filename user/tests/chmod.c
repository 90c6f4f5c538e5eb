/* chmod, chown and umask. */
#include "show.h"

static struct stat status;

static void show(const char *path)
{
	lstat(path, &status);
	say("%s: %o %d:%d", path, status.st_mode, status.st_uid, status.st_gid);
}

static void as_owner(void)
{
	setgid(100);
	setuid(1000);
	CALL(chmod("mine", 0640));
	CALL(chmod("file", 0777));
	CALL(chown("mine", 1000, 100));
	CALL(chown("mine", 1000, 200));
	CALL(chown("mine", 1001, -1));
	CALL(chown("mine", -1, -1));
	/* S_ISGID is cleared if the file's group isn't one of the caller's. */
	CALL(chmod("mine", 02750));
	show("mine");
}

int main(void)
{
	make_file("file", "x");
	mkdir("folder", 0755);
	symlink("file", "link");
	CALL(chmod("file", 07777));
	show("file");
	CALL(chmod("file", 0170644));
	show("file");
	CALL(chmod("link", 0600));
	show("file");
	show("link");
	CALL(chmod("none", 0600));
	CALL(chmod("file/x", 0600));
	CALL(chown("file", 5, 6));
	show("file");
	CALL(chown("file", -1, 7));
	CALL(lchown("link", 8, 9));
	show("link");
	show("file");
	/* chown clears S_ISUID, and S_ISGID if the group may execute the file. */
	chmod("file", 06755);
	CALL(chown("file", 5, 6));
	show("file");
	chmod("file", 06644);
	CALL(chown("file", 5, 6));
	show("file");
	/* A write by a user other than root also clears them. */
	int fd = open("file", O_RDWR);
	CALL(fchmod(fd, 0600));
	CALL(fchown(fd, 0, 0));
	show("file");
	CALL(fchmod(99, 0600));
	CALL(fchmodat(AT_FDCWD, "folder", 01777, 0));
	show("folder");
	CALL(fchownat(AT_FDCWD, "link", 3, 3, AT_SYMLINK_NOFOLLOW));
	CALL(fchownat(AT_FDCWD, "link", 3, 3, 0x4000));
	CALL(fchownat(fd, "", 3, 3, AT_EMPTY_PATH));
	show("file");

	say("umask was %o", umask(027));
	say("umask was %o", umask(07777));
	say("umask was %o", umask(077));
	close(open("masked", O_CREAT | O_WRONLY, 0666));
	show("masked");
	mkdir("masked-folder", 0777);
	show("masked-folder");
	mkfifo("masked-fifo", 0666);
	show("masked-fifo");
	umask(022);
	make_file("mine", "x");
	chown("mine", 1000, 100);
	in_child("owner", as_owner);
	/* New files get the group of a directory with S_ISGID; new directories also get the bit. */
	mkdir("group", 0755);
	chown("group", 0, 50);
	chmod("group", 02775);
	make_file("group/file", "x");
	mkdir("group/folder", 0755);
	show("group/file");
	show("group/folder");
	return 0;
}
