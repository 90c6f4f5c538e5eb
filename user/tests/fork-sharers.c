/* 300 processes share a page after fork: counts don't overflow, and each process writes its own
 * copy. */
#include "show.h"

#define CHILDREN 300

static char *page;
static struct gate gate, ready;
static int me;

static void child(void)
{
	open_gate(&ready);
	pass_gate(&gate);
	if (page[0] != 'p')
		_exit(1);
	page[0] = me & 0x7f;
	page[PAGE - 1] = me >> 7;
	if (page[0] != (me & 0x7f) || page[1] != 'q')
		_exit(2);
}

int main(void)
{
	page = new_pages(1, PROT_READ | PROT_WRITE);
	page[0] = 'p';
	page[1] = 'q';
	gate = new_gate();
	ready = new_gate();
	static pid_t pids[CHILDREN];
	for (me = 0; me < CHILDREN; me++)
		pids[me] = start(child);
	for (int i = 0; i < CHILDREN; i++)
		pass_gate(&ready);
	say("all share it");
	for (int i = 0; i < CHILDREN; i++)
		open_gate(&gate);
	int good = 0;
	for (int i = 0; i < CHILDREN; i++) {
		int status;
		if (waitpid(pids[i], &status, 0) == pids[i] && status == 0)
			good++;
	}
	SHOW(good);
	say("%c%c%d", page[0], page[1], page[PAGE - 1]);
	page[0] = 'n';
	SHOW(page[0]);
	CALL(waitpid(-1, NULL, 0));
	return 0;
}
