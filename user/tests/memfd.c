/* memfd_create, and its seals. */
#include "show.h"

int main(void)
{
	struct stat status;
	char text[128] = "", path[64];
	int fd = CALL(memfd_create("name", MFD_CLOEXEC | MFD_ALLOW_SEALING));
	CALL(write(fd, "content", 7));
	fstat(fd, &status);
	SHOW(status.st_size);
	SHOW(status.st_nlink);
	say("mode is %o", status.st_mode);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	readlink(path, text, sizeof(text) - 1);
	TEXT(text);
	int again = open(path, O_RDWR);
	CALL(read(again, text, 7));
	char *map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CALL(fcntl(fd, F_GET_SEALS));
	CALL(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	munmap(map, PAGE);
	CALL(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
	CALL(ftruncate(fd, 3));
	CALL(ftruncate(fd, 9));
	CALL(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
	CALL(ftruncate(fd, 10));
	CALL(pwrite(fd, "0123456789", 10, 0));
	CALL(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SEAL));
	CALL(pwrite(fd, "x", 1, 0));
	CALL(mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, fd, 0));
	DONE(mmap(NULL, PAGE, PROT_WRITE, MAP_PRIVATE, fd, 0));
	CALL(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
	CALL(fcntl(fd, F_GET_SEALS));
	fd = memfd_create("unsealed", 0);
	CALL(fcntl(fd, F_GET_SEALS));
	CALL(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
	int file = open("file", O_RDWR | O_CREAT, 0644);
	CALL(fcntl(file, F_ADD_SEALS, F_SEAL_GROW));
	CALL(memfd_create("x", 0x100));
	CALL(syscall(SYS_memfd_create, 8, 0));
	char name[300];
	memset(name, 'n', sizeof(name));
	name[250] = 0;
	CALL(memfd_create(name, 0));
	name[249] = 0;
	CALL(memfd_create(name, 0) >= 0);
	return 0;
}
