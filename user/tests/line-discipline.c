/* The line discipline of a pseudo-terminal: lines, erase, echo, raw, VMIN and VTIME. */
#include "show.h"

#include <sys/ioctl.h>
#include <termios.h>

static int master, slave;
static struct termios settings;

static void show_bytes(const char *name, int fd)
{
	char text[256], shown[1024] = "";
	int flags = fcntl(fd, F_GETFL);
	fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	errno = 0;
	long length = read(fd, text, sizeof(text));
	fcntl(fd, F_SETFL, flags);
	if (length < 0) {
		say("%s: %s", name, error_name(errno));
		return;
	}
	for (long i = 0; i < length; i++) {
		unsigned char byte = text[i];
		sprintf(shown + strlen(shown), byte >= ' ' && byte < 127 ? "%c" : "\\x%02x", byte);
	}
	say("%s: %ld \"%s\"", name, length, shown);
}

static void type(const char *what, const char *keys)
{
	write(master, keys, strlen(keys));
	say("%s:", what);
	show_bytes("  echo", master);
	show_bytes("  program", slave);
}

static void apply(void)
{
	if (tcsetattr(slave, TCSANOW, &settings) < 0)
		give_up("tcsetattr");
}

int main(void)
{
	char name[32];
	master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	unlockpt(master);
	ptsname_r(master, name, sizeof(name));
	slave = open(name, O_RDWR | O_NOCTTY);
	FACT(isatty(master) && isatty(slave));
	tcgetattr(slave, &settings);
	say("iflag %o oflag %o cflag %o lflag %o", settings.c_iflag, settings.c_oflag, settings.c_cflag,
	    settings.c_lflag);
	for (int i = 0; i < 17; i++)
		if (settings.c_cc[i])
			say("control %d is %d", i, settings.c_cc[i]);
	type("part of a line", "abc");
	type("its end", "def\n");
	type("carriage return", "line\r");
	type("erase", "abd\177c\n");
	type("kill", "gone\025kept\n");
	type("word erase", "two words\027x\n");
	type("literal next", "a\026\003b\n");
	type("reprint", "xy\022z\n");
	type("two lines", "one\ntwo\n");
	show_bytes("second read", slave);
	type("end of file", "\004");
	type("text and end of file", "abc\004");
	type("control characters", "\001\002\n");
	write(slave, "out\nput\ttab", 11);
	show_bytes("output", master);
	int waiting = -1;
	write(master, "12345\n", 6);
	CALL(ioctl(slave, FIONREAD, &waiting));
	SHOW(waiting);
	CALL(tcflush(slave, TCIFLUSH));
	show_bytes("after a flush", slave);
	show_bytes("echo", master);

	settings.c_lflag &= ~ECHO;
	apply();
	type("without echo", "secret\n");
	settings.c_lflag |= ECHO;
	settings.c_lflag &= ~ICANON;
	settings.c_cc[VMIN] = 1;
	settings.c_cc[VTIME] = 0;
	apply();
	type("without lines", "a\177b");
	settings.c_cc[VMIN] = 0;
	apply();
	char text[16];
	CALL(read(slave, text, sizeof(text)));
	settings.c_cc[VTIME] = 1;
	apply();
	CALL(read(slave, text, sizeof(text)));
	settings.c_cc[VMIN] = 3;
	settings.c_cc[VTIME] = 0;
	apply();
	struct pollfd one = { slave, POLLIN, 0 };
	write(master, "ab", 2);
	CALL(poll(&one, 1, 0));
	write(master, "c", 1);
	CALL(poll(&one, 1, 0));
	CALL(read(slave, text, sizeof(text)));
	show_bytes("echo", master);
	cfmakeraw(&settings);
	apply();
	type("raw", "\003\r\n\004");
	write(slave, "a\nb", 3);
	show_bytes("raw output", master);

	struct winsize size = { 10, 20, 30, 40 };
	CALL(ioctl(slave, TIOCGWINSZ, &size));
	say("%d %d", size.ws_row, size.ws_col);
	size = (struct winsize){ 25, 80, 0, 0 };
	CALL(ioctl(master, TIOCSWINSZ, &size));
	size.ws_row = 0;
	CALL(ioctl(slave, TIOCGWINSZ, &size));
	say("%d %d", size.ws_row, size.ws_col);
	CALL(ioctl(slave, 0x5499, 0));
	CALL(ioctl(slave, TCGETS, 8));
	int file = open("file", O_RDWR | O_CREAT, 0644);
	CALL(ioctl(file, TCGETS, &settings));
	CALL(isatty(file));
	CALL(ioctl(99, TCGETS, &settings));
	CALL(ioctl(master, TIOCGPTN, &waiting));
	return 0;
}
