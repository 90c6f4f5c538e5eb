/* A program that allocates all memory is killed; other programs continue. */
#include "show.h"

#define HUGE (16UL << 30)

static void hog(void)
{
	char *pages = mmap(NULL, HUGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	for (unsigned long at = 0; at < HUGE; at += PAGE)
		pages[at] = 1;
	say("all of it");
}

int main(void)
{
	/* A small process, and this one, which waits, must survive. */
	pid_t small = fork();
	if (small == 0)
		for (;;)
			pause();
	in_child("hog", hog);
	in_child("another hog", hog);
	FACT(kill(small, 0) == 0);
	kill(small, SIGKILL);
	finish("small", small);
	char *pages = new_pages(100, PROT_READ | PROT_WRITE);
	memset(pages, 1, 100 * PAGE);
	say("goes on");
	return 0;
}
