/* Sixteen processes in a ring of pipes pass on a number, two hundred times. */
#include "show.h"

#define PROCESSES 16
#define ROUNDS 200

static int ends[PROCESSES][2], me;

static void member(void)
{
	int value;
	int in = ends[me][0], out = ends[(me + 1) % PROCESSES][1];
	while (read(in, &value, sizeof(value)) == sizeof(value)) {
		if (value >= ROUNDS * PROCESSES) {
			/* The last number goes round once, so that each process ends. */
			if (value < (ROUNDS + 1) * PROCESSES - 1) {
				value++;
				write(out, &value, sizeof(value));
			}
			break;
		}
		value++;
		write(out, &value, sizeof(value));
	}
	_exit(value % 100);
}

int main(void)
{
	pid_t pids[PROCESSES];
	int value = 0, status, sum = 0;
	for (int i = 0; i < PROCESSES; i++)
		pipe(ends[i]);
	for (me = 0; me < PROCESSES; me++)
		pids[me] = start(member);
	write(ends[0][1], &value, sizeof(value));
	for (int i = 0; i < PROCESSES; i++) {
		waitpid(pids[i], &status, 0);
		sum += WEXITSTATUS(status);
	}
	SHOW(sum);
	return 0;
}
