/* MAP_HUGETLB on a machine that has no pages reserved for it. */
#include "show.h"

#define HUGE (2 << 20)
#define MAP_ANON_HUGE (MAP_ANONYMOUS | MAP_HUGETLB)

int main(void)
{
	DONE(mmap(NULL, HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON_HUGE, -1, 0));
	DONE(mmap(NULL, HUGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANON_HUGE, -1, 0));
	DONE(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANON_HUGE, -1, 0));
	DONE(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANON_HUGE, -1, 0));
	DONE(mmap(NULL, HUGE, PROT_READ, MAP_ANON_HUGE, -1, 0));
	DONE(mmap(NULL, HUGE, PROT_READ, MAP_PRIVATE | MAP_ANON_HUGE | 5 << MAP_HUGE_SHIFT, -1, 0));
	make_file("file", "x");
	int fd = open("file", O_RDWR);
	DONE(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_HUGETLB, fd, 0));
	DONE(mmap(NULL, 4096, PROT_READ, MAP_SHARED | MAP_HUGETLB, fd, 0));
	DONE(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_HUGETLB, 99, 0));
	DONE(mmap(NULL, 4096, PROT_READ, MAP_HUGETLB, fd, 0));
	return 0;
}
