/* Calls at the start and end of the libc: set_tid_address, robust lists. */
#include "show.h"

struct robust_head { void *next; long offset; void *pending; };

static int *shared;

static void clears_at_end(void)
{
	shared[0] = 77;
	CALL(syscall(SYS_set_tid_address, shared) == getpid());
}

static void dies_with_lock(void)
{
	/* An entry of the list, with its lock at an offset. */
	static struct { void *next; } entry;
	static struct robust_head head;
	long *place = (long *)(shared + 8);
	head.next = place;
	place[0] = (long)&head;
	head.offset = 8;
	shared[10] = getpid();
	(void)entry;
	CALL(syscall(SYS_set_robust_list, &head, sizeof(head)));
}

int main(void)
{
	shared = new_shared(PAGE);
	in_child("set_tid_address", clears_at_end);
	/* Only a thread that shares its memory clears the word. */
	SHOW(shared[0]);
	in_child("robust list", dies_with_lock);
	say("owner died: %d", (shared[10] & 0x40000000) != 0);
	struct robust_head head = { &head, 0, NULL }, *got;
	size_t length;
	CALL(syscall(SYS_set_robust_list, &head, 8));
	CALL(syscall(SYS_set_robust_list, &head, sizeof(head)));
	CALL(syscall(SYS_get_robust_list, 0, &got, &length));
	FACT(got == &head && length == sizeof(head));
	CALL(syscall(SYS_get_robust_list, 99999, &got, &length));
	CALL(syscall(SYS_gettid) == getpid());
	CALL(syscall(SYS_personality, 0xffffffff));
	return 0;
}
