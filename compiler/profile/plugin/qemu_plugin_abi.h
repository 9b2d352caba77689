/* What Linnet uses of QEMU's interface for TCG plugins, version 1 (QEMU 4.2 to 8): declared here because Debian's
   qemu-system-arm comes without the header. The functions are in the emulator itself, which loads the plugin.

   A translation block is a run of instructions that QEMU translates at once. qemu_plugin_install() registers a function
   that sees each block when it is translated and may attach callbacks to its instructions. */
#ifndef LINNET_QEMU_PLUGIN_ABI_H
#define LINNET_QEMU_PLUGIN_ABI_H

#include <stddef.h>
#include <stdint.h>

typedef uint64_t qemu_plugin_id_t;

typedef struct qemu_info qemu_info_t; /* what emulator this is: not looked at */
struct qemu_plugin_tb;                /* a block while it is translated */
struct qemu_plugin_insn;              /* an instruction of it */

/* What a callback wants to know of the registers. Version 1 has no way to read them. */
enum qemu_plugin_cb_flags {
  QEMU_PLUGIN_CB_NO_REGS,
  QEMU_PLUGIN_CB_R_REGS,
  QEMU_PLUGIN_CB_RW_REGS,
};

typedef void (*linnet_translated_cb)(qemu_plugin_id_t id, struct qemu_plugin_tb* block);
typedef void (*linnet_executed_cb)(unsigned int cpu, void* user_data);
typedef void (*linnet_exit_cb)(qemu_plugin_id_t id, void* user_data);

/* ---- the emulator's ---- */
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, linnet_translated_cb callback);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, linnet_exit_cb callback, void* user_data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb* block);
struct qemu_plugin_insn* qemu_plugin_tb_get_insn(const struct qemu_plugin_tb* block, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn* instruction);
/* The callback is called each time before the instruction is executed. */
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn* instruction,
                                            linnet_executed_cb callback,
                                            enum qemu_plugin_cb_flags flags, void* user_data);

/* ---- ours ---- */
#define LINNET_EXPORT __attribute__((visibility("default")))
extern LINNET_EXPORT int qemu_plugin_version;
LINNET_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t* info, int argc,
                                      char** argv);

#endif
