/* Threads: mutexes, conditions, signals to one of them, masks, robust mutexes, stops. */
#include "show.h"

#include <pthread.h>
#include <sys/mman.h>

#define THREADS 8
#define ROUNDS 2000

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static long counter, turn;
static volatile int handled_by, waiting;
static __thread int own = 5;

static int self_number(void)
{
	return syscall(SYS_gettid);
}

static void *adds(void *unused)
{
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&mutex);
		counter++;
		pthread_mutex_unlock(&mutex);
	}
	return unused;
}

/* Each thread waits for its turn. */
static void *takes_turns(void *number)
{
	for (int i = 0; i < 50; i++) {
		pthread_mutex_lock(&mutex);
		while (turn % THREADS != (long)number)
			pthread_cond_wait(&changed, &mutex);
		turn++;
		pthread_cond_broadcast(&changed);
		pthread_mutex_unlock(&mutex);
	}
	return number;
}

static void run_all(void *(*body)(void *))
{
	pthread_t threads[THREADS];
	for (long i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, body, (void *)i))
			give_up("pthread_create");
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static void note(int number)
{
	(void)number;
	handled_by = self_number();
}

static void *waits_for_signal(void *unused)
{
	sigset_t none;
	(void)unused;
	sigemptyset(&none);
	waiting = self_number();
	/* The main thread prints its own result at the same time. */
	return sigsuspend(&none) == -1 && errno == EINTR ? (void *)(long)self_number() : NULL;
}

static void *changes_own(void *unused)
{
	own = 7;
	return unused;
}

static void *ends_with_the_mutex(void *robust)
{
	pthread_mutex_lock(robust);
	return NULL;
}

static void *spins(void *unused)
{
	for (;;)
		;
	return unused;
}

static void stopped_together(void)
{
	pthread_t thread;
	pthread_create(&thread, NULL, spins, NULL);
	for (;;)
		pause();
}

/* As with musl's fork, the child has only the calling thread. */
static void *forks(void *unused)
{
	int status;
	pid_t pid = fork();
	if (pid == 0)
		_exit(self_number() == getpid() ? 4 : 5);
	waitpid(pid, &status, 0);
	show_status("child of a thread", status);
	return unused;
}

int main(void)
{
	pthread_t thread;
	void *result;
	FACT(self_number() == getpid());
	run_all(adds);
	SHOW(counter);
	run_all(takes_turns);
	SHOW(turn);
	pthread_create(&thread, NULL, changes_own, NULL);
	pthread_join(thread, NULL);
	SHOW(own);

	/* A signal of the process is delivered to the thread that doesn't block it. */
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	handle(SIGUSR1, note, 0);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	pthread_create(&thread, NULL, waits_for_signal, NULL);
	while (!waiting)
		usleep(1000);
	until_state(waiting, 'S');
	CALL(kill(getpid(), SIGUSR1));
	pthread_join(thread, &result);
	FACT(handled_by == (long)result && handled_by != getpid());
	/* A signal to a thread that blocks it stays pending there. */
	CALL(syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1));
	sigset_t pending;
	sigpending(&pending);
	SHOW(sigismember(&pending, SIGUSR1));
	handled_by = 0;
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	FACT(handled_by == getpid());
	CALL(syscall(SYS_tgkill, getpid(), waiting, 0));
	CALL(syscall(SYS_tgkill, getpid(), -1, SIGUSR1));
	CALL(syscall(SYS_tgkill, 1 << 21, getpid(), SIGUSR1));
	CALL(syscall(SYS_tkill, 0, SIGUSR1));

	/* The owner of a robust mutex has ended. */
	pthread_mutexattr_t attributes;
	pthread_mutex_t robust;
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&robust, &attributes);
	pthread_create(&thread, NULL, ends_with_the_mutex, &robust);
	pthread_join(thread, NULL);
	FACT(pthread_mutex_lock(&robust) == EOWNERDEAD);
	SHOW(pthread_mutex_consistent(&robust));
	SHOW(pthread_mutex_unlock(&robust));
	SHOW(pthread_mutex_lock(&robust));

	pthread_create(&thread, NULL, forks, NULL);
	pthread_join(thread, NULL);

	/* All threads stop, and continue. */
	int status;
	pid_t pid = start(stopped_together);
	until_state(pid, 'S');
	CALL(kill(pid, SIGSTOP));
	waitpid(pid, &status, WUNTRACED);
	show_status("threads", status);
	CALL(kill(pid, SIGCONT));
	waitpid(pid, &status, WCONTINUED);
	show_status("threads", status);
	CALL(kill(pid, SIGKILL));
	finish("threads", pid);
	return 0;
}
