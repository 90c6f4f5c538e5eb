/*
 * A function for GNU make, $(end-with-status FILE): ends make with the status in the file.
 * Without it, make ends with 2 after any failure of a recipe.
 * Source: GNU make's manual, "Loading Dynamic Objects".
 */
#include <gnumake.h>
#include <stdio.h>
#include <stdlib.h>

int plugin_is_GPL_compatible;

static char *end_with_status(const char *name, unsigned count, char **arguments)
{
	int status = 125;
	FILE *file = fopen(arguments[0], "r");
	(void)name;
	(void)count;
	if (file && fscanf(file, "%d", &status) != 1)
		status = 125;
	exit(status);
}

int status_gmk_setup(void)
{
	gmk_add_function("end-with-status", end_with_status, 1, 1, GMK_FUNC_DEFAULT);
	return 1;
}
