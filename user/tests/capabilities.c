/* Capabilities: capget, capset, prctl, and what they allow. */
#include "show.h"

#include <pthread.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/resource.h>

struct header { uint32_t version; int pid; };
struct data { uint32_t effective, permitted, inheritable; };

#define V3 0x20080522
enum { CHOWN = 0, DAC_OVERRIDE = 1, DAC_READ_SEARCH = 2, FOWNER = 3, FSETID = 4, KILL = 5, SETGID = 6,
	SETUID = 7, SETPCAP = 8, IPC_LOCK = 14, SYS_CHROOT = 18, SYS_ADMIN = 21, SYS_BOOT = 22,
	SYS_NICE = 23, SYS_RESOURCE = 24, SYS_TIME = 25, MKNOD = 27 };

static struct header header;
static struct data data[2];

static void show_status_file(void)
{
	char text[4096], *line = text;
	int fd = open("/proc/thread-self/status", O_RDONLY);
	ssize_t length = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[length > 0 ? length : 0] = 0;
	while ((line = strstr(line, "\nCap"))) {
		say("  %.7s %.16s", line + 1, line + 9);
		line++;
	}
}

static void show(const char *when)
{
	header = (struct header){ V3, 0 };
	if (syscall(SYS_capget, &header, data) < 0)
		give_up("capget");
	say("%s: effective %x %x, permitted %x %x, inheritable %x %x", when, data[0].effective,
	    data[1].effective, data[0].permitted, data[1].permitted, data[0].inheritable,
	    data[1].inheritable);
}

/* Sets the three sets; each argument is a mask of the first 32 capabilities. */
static long set(uint32_t effective, uint32_t permitted, uint32_t inheritable)
{
	header = (struct header){ V3, 0 };
	data[0] = (struct data){ effective, permitted, inheritable };
	data[1] = (struct data){ 0, 0, 0 };
	return syscall(SYS_capset, &header, data);
}

/* Drops all capabilities except those in a mask. */
static void only(uint32_t mask)
{
	if (set(mask, mask, 0) < 0)
		give_up("capset");
}

static void calls(void)
{
	show("at first");
	show_status_file();
	header = (struct header){ 0x19980330, 0 };
	CALL(syscall(SYS_capget, &header, data));
	header = (struct header){ 99, 0 };
	CALL(syscall(SYS_capget, &header, data));
	FACT(header.version == V3);
	header.version = 99;
	CALL(syscall(SYS_capget, &header, NULL));
	CALL(syscall(SYS_capget, &header, NULL));
	header.pid = -1;
	CALL(syscall(SYS_capget, &header, data));
	header.pid = 99999;
	CALL(syscall(SYS_capget, &header, data));
	header.pid = 1;
	CALL(syscall(SYS_capget, &header, data));
	CALL(syscall(SYS_capget, 8, data));
	CALL(syscall(SYS_capget, NULL, NULL));
	CALL(syscall(SYS_capget, &header, 8));
	CALL(syscall(SYS_capset, &header, data));
	header.pid = 0;
	CALL(syscall(SYS_capset, &header, 8));
	CALL(syscall(SYS_capset, 8, data));
	header.version = 1;
	CALL(syscall(SYS_capset, &header, data));
	CALL(set(1 << KILL, 1 << KILL | 1 << CHOWN, 1 << KILL));
	show("less");
	CALL(set(1 << KILL | 1 << CHOWN, 1 << KILL | 1 << CHOWN, 0));
	show("effective again");
	CALL(set(1 << KILL, 1 << KILL | 1 << SYS_TIME, 0));
	CALL(set(1 << KILL, 0, 0));
	CALL(set(0, 1 << KILL, 1 << SYS_TIME));
	CALL(set(0, 1 << KILL, 1 << KILL));
	CALL(set(0, 0, 1 << KILL));
	show("none");
	show_status_file();
}

static void controls(void)
{
	CALL(prctl(PR_CAPBSET_READ, SYS_BOOT));
	CALL(prctl(PR_CAPBSET_READ, 40));
	CALL(prctl(PR_CAPBSET_READ, 41));
	CALL(prctl(PR_CAPBSET_DROP, 41));
	CALL(prctl(PR_CAPBSET_DROP, SYS_BOOT));
	CALL(prctl(PR_CAPBSET_READ, SYS_BOOT));
	CALL(prctl(PR_GET_KEEPCAPS));
	CALL(prctl(PR_SET_KEEPCAPS, 2));
	CALL(prctl(PR_SET_KEEPCAPS, 1));
	CALL(prctl(PR_GET_KEEPCAPS));
	CALL(prctl(PR_GET_SECUREBITS));
	CALL(prctl(PR_CAP_AMBIENT, 1, KILL, 0, 0));
	CALL(prctl(PR_CAP_AMBIENT, 2, KILL, 0, 0));
	CALL(set(0x1ff, 0x1ff, 1 << KILL | 1 << CHOWN));
	CALL(prctl(PR_CAP_AMBIENT, 2, KILL, 0, 0));
	CALL(prctl(PR_CAP_AMBIENT, 2, CHOWN, 0, 0));
	CALL(prctl(PR_CAP_AMBIENT, 1, KILL, 0, 0));
	CALL(prctl(PR_CAP_AMBIENT, 1, KILL, 1, 0));
	CALL(prctl(PR_CAP_AMBIENT, 1, 41, 0, 0));
	CALL(prctl(PR_CAP_AMBIENT, 9, KILL, 0, 0));
	CALL(prctl(PR_CAP_AMBIENT, 4, 1, 0, 0));
	show_status_file();
	CALL(prctl(PR_CAP_AMBIENT, 3, KILL, 0, 0));
	show_status_file();
	CALL(set(0x1ff, 0x1ff, 0));
	show_status_file();
	CALL(prctl(PR_CAP_AMBIENT, 4, 0, 0, 0));
	CALL(prctl(PR_SET_SECUREBITS, 0x33));
	CALL(prctl(PR_GET_SECUREBITS));
	CALL(prctl(PR_GET_KEEPCAPS));
	CALL(prctl(PR_SET_KEEPCAPS, 0));
	CALL(prctl(PR_SET_SECUREBITS, 0x32));
	CALL(prctl(PR_SET_SECUREBITS, 0x133));
	CALL(prctl(PR_SET_SECUREBITS, 0xff));
	CALL(set(1 << KILL, 1 << KILL, 0));
	CALL(prctl(PR_SET_SECUREBITS, 0xff));
	CALL(prctl(PR_CAPBSET_DROP, KILL));
	CALL(prctl(PR_CAPBSET_DROP, 99));
}

static void users(void)
{
	setresuid(-1, 1000, -1);
	show("effective user");
	setresuid(-1, 0, -1);
	show("back");
	CALL(prctl(PR_SET_KEEPCAPS, 1));
	syscall(SYS_setfsuid, 1000);
	show("user for files");
	syscall(SYS_setfsuid, 0);
	show("back");
	setresuid(1000, 1000, 1000);
	show("all users, kept");
	CALL(set(1 << KILL, 1 << KILL, 0));
	show("effective again");
	CALL(setuid(0));
}

static void to_user(void)
{
	setresuid(1000, 1000, 1000);
	show("all users");
}

static void no_fixup(void)
{
	CALL(prctl(PR_SET_SECUREBITS, 0x4));
	setresuid(1000, 1000, 1000);
	show("no fixup");
	FACT(access("/etc", W_OK) == access("/etc", W_OK));
}

static const char *self;

static void run(void)
{
	execl(self, self, "show", NULL);
	give_up("execl");
}

static void exec_root(void)
{
	prctl(PR_CAPBSET_DROP, SYS_TIME);
	CALL(set(0, 0, 1 << KILL));
	run();
}

static void exec_user(void)
{
	prctl(PR_SET_KEEPCAPS, 1);
	CALL(set(1 << KILL | 1 << SETUID, 1 << KILL | 1 << SETUID, 1 << KILL));
	CALL(prctl(PR_CAP_AMBIENT, 2, KILL, 0, 0));
	setresuid(1000, 1000, 1000);
	show("before");
	CALL(set(1 << KILL, 1 << KILL, 1 << KILL));
	CALL(prctl(PR_CAP_AMBIENT, 2, KILL, 0, 0));
	run();
}

static void exec_no_root(void)
{
	CALL(prctl(PR_SET_SECUREBITS, 0x1));
	run();
}

static void rights(void)
{
	struct rlimit limit = { 10, 1000000 };
	struct timespec time = { 0, 0 };
	make_file("of-root", "x");
	chmod("of-root", 0600);
	mkdir("closed", 0700);
	make_file("closed/file", "x");
	chown("of-root", 1, 1);
	chown("closed", 1, 1);
	chmod("closed", 0);
	pid_t other = fork();
	if (other == 0) {
		setresuid(5, 5, 5);
		pause();
	}
	until_state(other, 'S');
	struct { const char *name; int number; } caps[] = {
		{ "none", 31 }, { "CAP_CHOWN", CHOWN }, { "CAP_DAC_OVERRIDE", DAC_OVERRIDE },
		{ "CAP_DAC_READ_SEARCH", DAC_READ_SEARCH }, { "CAP_FOWNER", FOWNER },
		{ "CAP_FSETID", FSETID }, { "CAP_KILL", KILL }, { "CAP_SETGID", SETGID },
		{ "CAP_SETUID", SETUID }, { "CAP_SYS_CHROOT", SYS_CHROOT },
		{ "CAP_SYS_ADMIN", SYS_ADMIN }, { "CAP_SYS_BOOT", SYS_BOOT },
		{ "CAP_SYS_NICE", SYS_NICE }, { "CAP_SYS_RESOURCE", SYS_RESOURCE },
		{ "CAP_SYS_TIME", SYS_TIME }, { "CAP_MKNOD", MKNOD },
	};
	for (size_t i = 0; i < COUNT(caps); i++) {
		pid_t pid = fork();
		if (pid == 0) {
			setpriority(PRIO_PROCESS, 0, 3);
			only(1u << caps[i].number);
			gid_t group = 77;
			long allowed = 0;
			int bit = 0;
#define TRY(call) (allowed |= (long)((call) >= 0) << bit++)
			TRY(kill(other, 0));
			TRY(open("of-root", O_RDONLY));
			TRY(open("of-root", O_WRONLY));
			TRY(open("closed", O_RDONLY | O_DIRECTORY));
			TRY(open("closed/file", O_RDONLY));
			TRY(chmod("of-root", 0600));
			TRY(chown("of-root", 1, 1));
			TRY(mknod("device", S_IFCHR | 0600, 0x103));
			TRY(chroot("/"));
			TRY(mount("none", "/none", "tmpfs", 0, NULL) == 0 || errno == ENOENT ? 0 : -1);
			TRY(syscall(SYS_reboot, 1, 2, 3, NULL) == 0 || errno == EINVAL ? 0 : -1);
			TRY(setpriority(PRIO_PROCESS, 0, -1));
			TRY(setrlimit(RLIMIT_NOFILE, &limit));
			limit.rlim_max = 99999999;
			TRY(setrlimit(RLIMIT_NOFILE, &limit));
			TRY(clock_settime(CLOCK_REALTIME, &time) == 0 || errno == EINVAL ? 0 : -1);
			TRY(sethostname("name", 4));
			TRY(syscall(SYS_setgroups, 1, &group));
			TRY(syscall(SYS_setresgid, 9, 9, 9));
			TRY(syscall(SYS_setresuid, 9, 9, 9));
			unlink("device");
			say("%s allows %lx", caps[i].name, allowed);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
}

static void *in_thread(void *unused)
{
	(void)unused;
	header = (struct header){ V3, 0 };
	data[0] = (struct data){ 1 << KILL, 1 << KILL, 0 };
	data[1] = (struct data){ 0, 0, 0 };
	CALL(syscall(SYS_capset, &header, data));
	show("thread");
	CALL(syscall(SYS_setresuid, -1, -1, 1000));
	return NULL;
}

static void threads(void)
{
	pthread_t thread;
	pthread_create(&thread, NULL, in_thread, NULL);
	pthread_join(thread, NULL);
	show("process");
	/* Only the user of this thread was changed. */
	uid_t real, effective, saved;
	getresuid(&real, &effective, &saved);
	SHOW(saved);
}

int main(int count, char **arguments)
{
	if (count > 1 && !strcmp(arguments[1], "show")) {
		show("program");
		show_status_file();
		return 0;
	}
	static char path[256];
	self = path;
	readlink("/proc/self/exe", path, sizeof(path) - 1);
	in_child("calls", calls);
	in_child("controls", controls);
	in_child("users", users);
	in_child("to user", to_user);
	in_child("no fixup", no_fixup);
	in_child("exec of root", exec_root);
	in_child("exec of a user", exec_user);
	in_child("exec without root", exec_no_root);
	in_child("rights", rights);
	in_child("threads", threads);
	return 0;
}
