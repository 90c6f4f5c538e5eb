/* brk. */
#include "show.h"

static char *set(void *wanted)
{
	return (char *)syscall(SYS_brk, wanted);
}

int main(void)
{
	char *begin = set(NULL);
	FACT(begin > (char *)main);
	FACT(set((void *)1) == begin);
	FACT(set(begin + 10000) == begin + 10000);
	begin[0] = 'x';
	begin[9999] = 'y';
	SHOW(begin[5000]);
	FACT(set(begin) == begin);
	FACT(set(begin + 10000) == begin + 10000);
	/* Memory that was released and allocated again is filled with zeros. */
	SHOW(begin[9999]);
	FACT(set((void *)-1L) == begin + 10000);
	FACT(set((void *)(1UL << 47)) == begin + 10000);
	/* A mapping prevents the growth. */
	char *page = (char *)(((uintptr_t)begin + 10000 + 4 * PAGE) & -PAGE);
	char *wall = mmap(page, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	FACT(wall == page);
	FACT(set(page + PAGE) == begin + 10000);
	FACT(set(begin) == begin);
	return 0;
}
