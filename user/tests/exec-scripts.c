/* Scripts: the arguments of their interpreter, nested scripts, and errors. */
#include "show.h"

static void script(const char *path, const char *head)
{
	make_file(path, head);
	chmod(path, 0755);
}

static void run(const char *path)
{
	pid_t pid = fork();
	if (pid == 0) {
		char *arguments[] = { "zero", "one", NULL };
		execve(path, arguments, (char *[]){ NULL });
		say("%s: %s", path, error_name(errno));
		_exit(1);
	}
	finish(path, pid);
}

int main(int count, char **given)
{
	if (count > 1) {
		for (int i = 0; i < count; i++)
			say("  %d: %s", i, given[i]);
		return 0;
	}
	script("plain", "#!/tests/exec-scripts\nrest\n");
	run("plain");
	run("./plain");
	script("option", "#!/tests/exec-scripts -x two words  \nrest\n");
	run("option");
	script("blanks", "#! \t /tests/exec-scripts\t\t y\t\n");
	run("blanks");
	script("without-end", "#!/tests/exec-scripts z");
	run("without-end");
	script("empty", "#!\n");
	run("empty");
	script("only-blanks", "#!   \n");
	run("only-blanks");
	script("missing", "#!/nowhere/interpreter\n");
	run("missing");
	script("relative", "#!plain\n");
	run("relative");
	script("nested-1", "#!/tmp/exec-scripts/plain a\n");
	run("nested-1");
	script("nested-2", "#!/tmp/exec-scripts/nested-1 b\n");
	run("nested-2");
	script("nested-3", "#!/tmp/exec-scripts/nested-2 c\n");
	script("nested-4", "#!/tmp/exec-scripts/nested-3 d\n");
	script("nested-5", "#!/tmp/exec-scripts/nested-4 e\n");
	run("nested-3");
	run("nested-4");
	run("nested-5");
	script("itself", "#!/tmp/exec-scripts/itself\n");
	run("itself");
	script("folder-as-interpreter", "#!/tmp\n");
	run("folder-as-interpreter");
	char line[400] = "#!/tests/exec-scripts ";
	memset(line + strlen(line), 'l', 350 - strlen(line));
	strcat(line, "\n");
	script("long-option", line);
	run("long-option");
	memset(line + 2, 'p', 300);
	script("long-path", line);
	run("long-path");
	int fd = open("plain", O_RDONLY);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(fd, 7);
		syscall(SYS_execveat, 7, "", (char *[]){ "zero", NULL }, (char *[]){ NULL }, AT_EMPTY_PATH);
		_exit(1);
	}
	finish("by descriptor", pid);
	return 0;
}
