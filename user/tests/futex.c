/* futex between processes. */
#include "show.h"

#define WAIT 0
#define WAKE 1
#define REQUEUE 3
#define CMP_REQUEUE 4
#define WAIT_BITSET 9
#define WAKE_BITSET 10
#define PRIVATE 128

static uint32_t *words;

static long futex(uint32_t *word, int operation, uint32_t value, void *time, uint32_t *other, uint32_t bits)
{
	return syscall(SYS_futex, word, operation, value, time, other, bits);
}

static void waits_for_bit(void)
{
	_exit(futex(words, WAIT_BITSET, 5, NULL, NULL, 2) ? 1 : 0);
}

static void waits(void)
{
	int result = futex(words, WAIT, 5, NULL, NULL, 0);
	_exit(result ? 1 : 0);
}

int main(void)
{
	struct timespec moment = { 0, 1000000 }, bad = { 0, 1000000000 };
	words = new_shared(PAGE);
	words[0] = 5;
	CALL(futex(words, WAIT, 6, NULL, NULL, 0));
	CALL(futex(words, WAIT, 5, &moment, NULL, 0));
	CALL(futex(words, WAIT | PRIVATE, 5, &moment, NULL, 0));
	CALL(futex(words, WAIT, 5, &bad, NULL, 0));
	CALL(futex(words, WAKE, 1, NULL, NULL, 0));
	pid_t pid = start(waits);
	until_state(pid, 'S');
	CALL(futex(words, WAKE | PRIVATE, 1, NULL, NULL, 0));
	CALL(futex(words, WAKE, 1, NULL, NULL, 0));
	finish("waits", pid);
	pid = start(waits_for_bit);
	until_state(pid, 'S');
	CALL(futex(words, WAKE_BITSET, 9, NULL, NULL, 1));
	CALL(futex(words, WAKE_BITSET, 9, NULL, NULL, 3));
	finish("waits for a bit", pid);
	CALL(futex(words, WAIT_BITSET, 5, NULL, NULL, 0));
	/* Some threads are woken, the others are moved to another word. */
	pid_t pids[4];
	for (int i = 0; i < 4; i++) {
		pids[i] = start(waits);
		until_state(pids[i], 'S');
	}
	CALL(futex(words, CMP_REQUEUE, 1, (void *)10L, words + 8, 4));
	CALL(futex(words, CMP_REQUEUE, 1, (void *)10L, words + 8, 5));
	CALL(futex(words, WAKE, 10, NULL, NULL, 0));
	CALL(futex(words + 8, WAKE, 10, NULL, NULL, 0));
	int good = 0, status;
	for (int i = 0; i < 4; i++)
		good += waitpid(pids[i], &status, 0) == pids[i] && status == 0;
	SHOW(good);
	CALL(futex((uint32_t *)((char *)words + 1), WAIT, 0, NULL, NULL, 0));
	CALL(futex((uint32_t *)8, WAIT, 0, NULL, NULL, 0));
	CALL(futex((uint32_t *)0xffff800000000000, WAKE, 1, NULL, NULL, 0));
	CALL(futex(words, 99, 0, NULL, NULL, 0));
	CALL(futex(words, WAIT, 5, (void *)8, NULL, 0));
	/* A shared futex is identified by its page, not its address: the file is mapped twice. */
	int fd = open("file", O_RDWR | O_CREAT, 0644);
	ftruncate(fd, PAGE);
	words = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	uint32_t *again = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	words[0] = 5;
	pid = start(waits);
	until_state(pid, 'S');
	CALL(futex(again, WAKE, 1, NULL, NULL, 0));
	finish("same page", pid);
	return 0;
}
