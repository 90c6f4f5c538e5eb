/* The interface of QEMU's plugins.
 *
 * Source: QEMU, docs/devel/tcg-plugins.rst, API version 1. Debian doesn't package the header.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The part of qemu-plugin.h, API version 1, that is used here. */
typedef uint64_t qemu_plugin_id_t;
typedef struct qemu_info_t qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef uint32_t qemu_plugin_meminfo_t;
enum { NO_REGISTERS = 0 };
enum { MEMORY_READ = 1, MEMORY_WRITE = 2 };
enum { INLINE_ADD_U64 = 0 };
typedef void (*run_hook)(unsigned cpu, void *data);
typedef void (*memory_hook)(unsigned cpu, qemu_plugin_meminfo_t info, uint64_t address, void *data);
typedef void (*translate_hook)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void (*exit_hook)(qemu_plugin_id_t id, void *data);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, translate_hook callback);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, run_hook callback, int flags,
                                          void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, run_hook callback,
                                            int flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, int operation,
                                                void *counter, uint64_t value);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, memory_hook callback, int flags,
                                      int access, void *data);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, exit_hook callback, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
