/* A plugin of QEMU that counts the instructions of the guest between marks, exactly.
 *
 * A program marks its operations by two instructions that do nothing on any kernel, `nopl
 * BEGIN(%rax)` and `nopl END(%rax)` (bench/programs/mark.h). At each END the plugin writes one line:
 *   mark KERNEL USER NAME=COUNT…
 * the instructions in the upper half of the addresses and in the lower one, and how many of those
 * in the kernel are of a kind whose cost an instruction count hides (COSTLY below).
 *
 * With `stacks=on` it also follows calls and returns in the kernel, and at its end writes
 *   stack COUNT BLOCK FUNCTION…
 *   block START ADDRESS…
 * the instructions that ran in each block of code, below each chain of functions, outermost first,
 * and the addresses of a block's instructions. A call is known by the address of the stack slot
 * that its return address goes to, so that a chain stays whole over a switch to another stack.
 *
 * With `from=ADDRESS` it counts a boot in place of marks, from the last execution of this address
 * before the kernel runs in the upper half of the addresses. At the first instruction of a program
 * it writes
 *   reached ADDRESS COUNT     for the first address, and for each `watch=ADDRESS`
 *   program ADDRESS COUNT     the address of that instruction
 * and then, with `prompt=TEXT` and `serial=FILE`, at the first HLT after the output on the serial
 * line, in that file, ends with the text:
 *   prompt COUNT
 * A count is the number of all instructions before. After these lines it writes a mark, the
 * stacks, and `end`.
 *
 * With `slice=N` it counts each CPU of a machine with several. They take turns: of N instructions
 * while a program is between its marks, and of 1024 times as many otherwise. Each END writes
 *   cpu CPU KERNEL USER SPUN
 * of the CPU that it is on: its instructions since its BEGIN, and those that it would have executed
 * in the turns that it gave up by PAUSE in the kernel.
 *
 * Arguments: out=FILE, stacks=on, functions=FILE (the kernel's function addresses in rising order,
 * hexadecimal, a line each). The machine has one thread of execution (-icount, or thread=single).
 *
 * Source: QEMU, docs/devel/tcg-plugins.rst, API version 1. Debian doesn't package the header.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "boot.h"
#include "chains.h"
#include "cpus.h"
#include "decode.h"
#include "qemu.h"

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

/* Counted since the program's BEGIN. */
static uint64_t kernel, user, costly[COSTLY_KINDS];
static bool is_counting, has_stacks;
static FILE *out;

static void restart(void)
{
    kernel = user = 0;
    memset(costly, 0, sizeof costly);
    is_counting = true;
    count_chains(true);
}

static void begin(unsigned cpu, void *data)
{
    (void)cpu, (void)data;
    restart();
}

static void write_mark(uint64_t of_user)
{
    is_counting = false;
    count_chains(false);
    fprintf(out, "mark %" PRIu64 " %" PRIu64, kernel, of_user);
    for (int kind = 0; kind < COSTLY_KINDS; kind++)
        if (costly[kind])
            fprintf(out, " %s=%" PRIu64, COSTLY[kind], costly[kind]);
    fputc('\n', out);
}

static void end(unsigned cpu, void *data)
{
    (void)cpu, (void)data;
    /* The instruction of BEGIN is not counted. */
    if (is_counting)
        write_mark(user - 1);
}

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    (void)id;
    if (is_of_cpus) {
        cpus_count(tb, out);
        return;
    }
    bool is_user = is_boot ? boot_watch(tb) : qemu_plugin_tb_vaddr(tb) >> 63 == 0;
    size_t length = qemu_plugin_tb_n_insns(tb);
    for (size_t i = 0; i < length; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        struct instruction it = decode(qemu_plugin_insn_data(insn), qemu_plugin_insn_size(insn),
                                       qemu_plugin_insn_vaddr(insn));
        qemu_plugin_register_vcpu_insn_exec_inline(insn, INLINE_ADD_U64, is_user ? &user : &kernel,
                                                   1);
        if (!is_user && it.costly != NOT_COSTLY)
            qemu_plugin_register_vcpu_insn_exec_inline(insn, INLINE_ADD_U64, &costly[it.costly], 1);
        if (is_user && it.mark == BEGIN)
            qemu_plugin_register_vcpu_insn_exec_cb(insn, begin, NO_REGISTERS, NULL);
        if (is_user && it.mark == END)
            qemu_plugin_register_vcpu_insn_exec_cb(insn, end, NO_REGISTERS, NULL);
    }
    if (has_stacks)
        follow(tb, is_user);
}

static uint64_t executed(void)
{
    return kernel + user;
}

static void end_boot(void)
{
    write_mark(user);
    write_chains(out);
}

static void finish(qemu_plugin_id_t id, void *data)
{
    (void)id, (void)data;
    if (!is_boot)
        write_chains(out);
    fclose(out);
}

__attribute__((visibility("default"))) int
qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (!strncmp(argv[i], "out=", 4))
            out = fopen(argv[i] + 4, "w");
        else if (!strncmp(argv[i], "functions=", 10))
            read_functions(argv[i] + 10);
        else if (!strcmp(argv[i], "stacks=on"))
            has_stacks = true;
        else if (!boot_argument(argv[i]) && !cpus_argument(argv[i]))
            return fprintf(stderr, "count: unknown argument %s\n", argv[i]), 1;
    }
    if (!out)
        return fputs("count: out=FILE is missing or can't be written\n", stderr), 1;
    setvbuf(out, NULL, _IOLBF, 0);
    if (is_boot)
        boot_start(out, executed, restart, end_boot);
    qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
    qemu_plugin_register_atexit_cb(id, finish, NULL);
    return 0;
}
