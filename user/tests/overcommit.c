/* Promised memory: Linux's default refuses only requests that can never be met. */
#include "show.h"

int main(void)
{
	int both = PROT_READ | PROT_WRITE, flags = MAP_PRIVATE | MAP_ANONYMOUS;
	/* More memory than the machine has, in one mapping. */
	CALL(mmap(NULL, 64UL << 30, both, flags, -1, 0));
	DONE(mmap(NULL, 64UL << 30, both, flags | MAP_NORESERVE, -1, 0));
	DONE(mmap(NULL, 64UL << 30, PROT_NONE, flags, -1, 0));
	DONE(mmap(NULL, 64UL << 30, PROT_READ, flags, -1, 0));
	/* Half of the memory, many times: none of it is used. */
	int good = 0;
	for (int i = 0; i < 8; i++)
		good += mmap(NULL, 256 << 20, both, flags, -1, 0) != MAP_FAILED;
	SHOW(good);
	char *one = mmap(NULL, 64UL << 30, both, flags | MAP_NORESERVE, -1, 0);
	one[0] = 1;
	one[(64UL << 30) - 1] = 2;
	SHOW(one[32UL << 30]);
	return 0;
}
