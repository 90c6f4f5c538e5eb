/* MAP_GROWSDOWN: a mapping that grows like a stack. */
#include "show.h"

static char *place;

static void grows(void)
{
	char *low = place + 200 * PAGE;
	char *top = mmap(low, PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, -1, 0);
	FACT(top == low);
	top[0] = 1;
	/* Growth page by page. */
	for (int i = 1; i < 10; i++)
		low[-i * PAGE] = i;
	say("grown by 9 pages: %d", low[-9 * PAGE]);
}

static void above_fails(void)
{
	char *low = place + 200 * PAGE;
	mmap(low, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, -1, 0);
	low[0] = 1;
	low[PAGE] = 1;
}

static void guard(void)
{
	/* It doesn't grow up to its neighbour: a gap of 256 pages remains. */
	char *low = place + 300 * PAGE;
	mmap(place, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	mmap(low, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, -1, 0);
	low[0] = 1;
	for (int i = 1; i <= 40; i++)
		low[-i * PAGE] = 1;
	say("40 pages");
	for (int i = 41; i < 290; i++)
		low[-i * PAGE] = 1;
	say("unreachable");
}

int main(void)
{
	place = mmap(NULL, 400 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(place, 400 * PAGE);
	in_child("grows", grows);
	in_child("above", above_fails);
	in_child("guard", guard);
	return 0;
}
