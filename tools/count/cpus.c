/* Counts the instructions of several CPUs, each between the marks of its own program.
 *
 * One thread of QEMU executes all CPUs (-icount). It runs the first CPU for as long as that neither
 * halts nor pauses, so that no CPU would ever meet another one in a lock. Therefore the turn of a
 * CPU is ended here after a number of instructions. A CPU that spins gives up its turn by PAUSE: it
 * is charged for the rest of the turn, as if it went on spinning. A CPU that halts executes nothing.
 */
#include "cpus.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "decode.h"

/* Not part of the plugins' interface, but QEMU exports them: its modules need them. cpu_exit ends
 * the turn of a CPU at the end of the block that it executes. */
struct CPUState;
struct CPUState *qemu_get_cpu(int index);
void cpu_exit(struct CPUState *cpu);

enum { CPUS_MAX = 256 };
/* How much longer a turn is while no program is between its marks. */
enum { REST = 1024 };

bool is_of_cpus;

/* A CPU: whether its program is between its marks, and what was counted since the first of them. */
static struct {
    bool is_counting;
    uint64_t kernel, user, spun;
} cpus[CPUS_MAX];

/* The instructions of a turn. */
static uint64_t slice;
/* All instructions since the start. */
static uint64_t kernel, user;
/* The CPU of the current turn, what had been executed when instructions were last added to a CPU,
 * and when the turn began. */
static unsigned running;
static uint64_t seen_kernel, seen_user, turn_began;
static bool has_paused;
/* The CPUs whose program is between its marks. */
static unsigned counting;
static FILE *lines;

bool cpus_argument(const char *argument)
{
    if (strncmp(argument, "slice=", 6))
        return false;
    slice = strtoull(argument + 6, NULL, 10);
    is_of_cpus = slice > 0;
    return is_of_cpus;
}

/* Adds the instructions since the last call to the CPU that has executed them. */
static void add_to_running(void)
{
    cpus[running].kernel += kernel - seen_kernel;
    cpus[running].user += user - seen_user;
    seen_kernel = kernel;
    seen_user = user;
}

static void run_block(unsigned cpu, void *data)
{
    (void)data;
    add_to_running();
    uint64_t turn = kernel + user - turn_began;
    if (has_paused && turn < slice)
        cpus[running].spun += slice - turn;
    if (cpu != running || has_paused) {
        turn_began = kernel + user;
    } else if (turn >= (counting ? slice : slice * REST)) {
        turn_began = kernel + user;
        cpu_exit(qemu_get_cpu((int)cpu));
    }
    running = cpu;
    has_paused = false;
}

static void pause(unsigned cpu, void *data)
{
    (void)cpu, (void)data;
    has_paused = true;
}

static void begin(unsigned cpu, void *data)
{
    (void)data;
    add_to_running();
    counting += !cpus[cpu].is_counting;
    cpus[cpu].is_counting = true;
    cpus[cpu].kernel = cpus[cpu].user = cpus[cpu].spun = 0;
}

static void end(unsigned cpu, void *data)
{
    (void)data;
    if (!cpus[cpu].is_counting)
        return;
    add_to_running();
    counting--;
    cpus[cpu].is_counting = false;
    /* The instruction of BEGIN is not counted. */
    fprintf(lines, "cpu %u %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", cpu, cpus[cpu].kernel,
            cpus[cpu].user - 1, cpus[cpu].spun);
}

void cpus_count(struct qemu_plugin_tb *tb, FILE *out)
{
    lines = out;
    bool is_user = qemu_plugin_tb_vaddr(tb) >> 63 == 0;
    qemu_plugin_register_vcpu_tb_exec_cb(tb, run_block, NO_REGISTERS, NULL);
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        const uint8_t *bytes = qemu_plugin_insn_data(insn);
        size_t size = qemu_plugin_insn_size(insn);
        uint32_t mark = decode(bytes, size, qemu_plugin_insn_vaddr(insn)).mark;
        qemu_plugin_register_vcpu_insn_exec_inline(insn, INLINE_ADD_U64, is_user ? &user : &kernel,
                                                   1);
        if (is_user && mark == BEGIN)
            qemu_plugin_register_vcpu_insn_exec_cb(insn, begin, NO_REGISTERS, NULL);
        if (is_user && mark == END)
            qemu_plugin_register_vcpu_insn_exec_cb(insn, end, NO_REGISTERS, NULL);
        if (!is_user && size == 2 && bytes[0] == 0xF3 && bytes[1] == 0x90)
            qemu_plugin_register_vcpu_insn_exec_cb(insn, pause, NO_REGISTERS, NULL);
    }
}
