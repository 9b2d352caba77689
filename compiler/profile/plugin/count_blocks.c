/* A QEMU plugin that counts how often each block of instructions is executed, by layer of the network.

     qemu-system-arm ... -plugin ./count_blocks.so,marks=FILE,counts=FILE

   `marks` is read: one line for each address at which something begins or ends, before the instruction there is executed.

     begin 3f4           counting begins
     end 3fa             counting ends, and the counts are written
     layer 412 7         what follows belongs to layer 7
     no_layer 41c        what follows belongs to no layer
     enter 210 7         what follows belongs to layer 7, unless it is known already to which layer it belongs

   `counts` is written: address, number of instructions, layer (-1: none), number of executions.

     412 5 7 96

   A block here is a straight run of instructions: QEMU's translation block, cut at every mark. So counts are exact, and
   marks cost no instruction. What is translated while nothing is counted is watched too: blocks are translated once. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu_plugin_abi.h"

int qemu_plugin_version = 1;

enum mark { MARK_NONE, MARK_BEGIN, MARK_END, MARK_LAYER, MARK_NO_LAYER, MARK_ENTER };

struct counter {
  uint64_t address;
  uint32_t instructions;
  int32_t layer;
  uint64_t executions;
};

/* A block and what its first instruction is a mark of. The counter that was used last is kept, since a block is mostly
   executed many times in one layer. */
struct block {
  uint64_t address;
  uint32_t instructions;
  enum mark mark;
  int32_t mark_layer;
  struct counter* last;
};

struct mark_at {
  uint64_t address;
  enum mark mark;
  int32_t layer;
};

/* ---- an open hash table of pointers ---------------------------------------------------------------------------- */

struct table {
  void** slots; /* null: free */
  size_t capacity, used;
  uint64_t (*hash)(const void* item);
};

static uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 31)) * UINT64_C(0x9E3779B97F4A7C15);
  return x ^ (x >> 29);
}

static void* allocate(size_t count, size_t size) {
  void* memory = calloc(count, size);
  if (memory == NULL) {
    fputs("linnet: out of memory in the emulator's plugin\n", stderr);
    exit(1);
  }
  return memory;
}

static void put(struct table* table, void* item) {
  if (2 * table->used >= table->capacity) {
    struct table larger = {NULL, table->capacity == 0 ? 4096 : 2 * table->capacity, 0, table->hash};
    larger.slots = (void**)allocate(larger.capacity, sizeof(void*));
    for (size_t i = 0; i < table->capacity; ++i)
      if (table->slots[i] != NULL) put(&larger, table->slots[i]);
    free(table->slots);
    *table = larger;
  }
  size_t at = table->hash(item) & (table->capacity - 1);
  while (table->slots[at] != NULL) at = (at + 1) & (table->capacity - 1);
  table->slots[at] = item;
  ++table->used;
}

/* Where to look for an item of this hash: first with index 0, then on while there is one and it is another. */
static void* look(const struct table* table, uint64_t hash, size_t index) {
  return table->capacity == 0 ? NULL : table->slots[(hash + index) & (table->capacity - 1)];
}

static uint64_t counter_hash_of(uint64_t address, uint32_t instructions, int32_t layer) {
  return mix(address ^ mix(((uint64_t)instructions << 32) ^ (uint32_t)layer));
}
static uint64_t counter_hash(const void* item) {
  const struct counter* counter = (const struct counter*)item;
  return counter_hash_of(counter->address, counter->instructions, counter->layer);
}
static uint64_t mark_hash(const void* item) { return mix(((const struct mark_at*)item)->address); }

static struct table counters = {NULL, 0, 0, counter_hash};
static struct table marks = {NULL, 0, 0, mark_hash};

static const struct mark_at* mark_of(uint64_t address) {
  const uint64_t hash = mix(address);
  for (size_t i = 0;; ++i) {
    const struct mark_at* mark = (const struct mark_at*)look(&marks, hash, i);
    if (mark == NULL || mark->address == address) return mark;
  }
}

static struct counter* counter_of(const struct block* block, int32_t layer) {
  const uint64_t hash = counter_hash_of(block->address, block->instructions, layer);
  for (size_t i = 0;; ++i) {
    struct counter* counter = (struct counter*)look(&counters, hash, i);
    if (counter == NULL) break;
    if (counter->address == block->address && counter->instructions == block->instructions &&
        counter->layer == layer)
      return counter;
  }
  struct counter* made = (struct counter*)allocate(1, sizeof *made);
  made->address = block->address;
  made->instructions = block->instructions;
  made->layer = layer;
  put(&counters, made);
  return made;
}

/* ---- counting -------------------------------------------------------------------------------------------------- */

static bool counting = false;
static int32_t current_layer = -1;
static const char* counts_path = NULL;

static void write_counts(void) {
  FILE* file = fopen(counts_path, "w");
  if (file == NULL) return; /* whoever reads the file sees it */
  for (size_t i = 0; i < counters.capacity; ++i) {
    const struct counter* counter = (const struct counter*)counters.slots[i];
    if (counter == NULL || counter->executions == 0) continue;
    fprintf(file, "%" PRIx64 " %" PRIu32 " %" PRId32 " %" PRIu64 "\n", counter->address,
            counter->instructions, counter->layer, counter->executions);
  }
  fclose(file);
}

static void on_executed(unsigned int cpu, void* user_data) {
  struct block* block = (struct block*)user_data;
  (void)cpu;
  switch (block->mark) {
    case MARK_NONE: break;
    case MARK_BEGIN:
      counting = true;
      current_layer = -1;
      break;
    case MARK_END:
      if (counting) write_counts();
      counting = false;
      break;
    case MARK_LAYER: current_layer = block->mark_layer; break;
    case MARK_NO_LAYER: current_layer = -1; break;
    case MARK_ENTER:
      if (current_layer < 0) current_layer = block->mark_layer;
      break;
  }
  if (!counting) return;
  if (block->last == NULL || block->last->layer != current_layer)
    block->last = counter_of(block, current_layer);
  ++block->last->executions;
}

static void on_translated(qemu_plugin_id_t id, struct qemu_plugin_tb* translated) {
  const size_t count = qemu_plugin_tb_n_insns(translated);
  struct block* block = NULL;
  (void)id;
  for (size_t i = 0; i < count; ++i) {
    struct qemu_plugin_insn* instruction = qemu_plugin_tb_get_insn(translated, i);
    const uint64_t address = qemu_plugin_insn_vaddr(instruction);
    const struct mark_at* mark = mark_of(address);
    if (i == 0 || mark != NULL) {
      block = (struct block*)allocate(1, sizeof *block);
      block->address = address;
      block->mark = mark == NULL ? MARK_NONE : mark->mark;
      block->mark_layer = mark == NULL ? -1 : mark->layer;
      qemu_plugin_register_vcpu_insn_exec_cb(instruction, on_executed, QEMU_PLUGIN_CB_NO_REGS,
                                             block);
    }
    ++block->instructions;
  }
}

/* ---- set-up ---------------------------------------------------------------------------------------------------- */

static enum mark mark_named(const char* name) {
  static const char* const names[] = {"", "begin", "end", "layer", "no_layer", "enter"};
  for (int i = 1; i < 6; ++i)
    if (strcmp(name, names[i]) == 0) return (enum mark)i;
  return MARK_NONE;
}

static bool read_marks(const char* path) {
  FILE* file = fopen(path, "r");
  char line[128];
  bool good = file != NULL;
  while (good && fgets(line, sizeof line, file) != NULL) {
    char* rest = strchr(line, ' ');
    if (rest == NULL) continue;
    *rest = '\0';
    struct mark_at* mark = (struct mark_at*)allocate(1, sizeof *mark);
    mark->mark = mark_named(line);
    mark->address = strtoull(rest + 1, &rest, 16);
    mark->layer = (int32_t)strtol(rest, NULL, 10);
    good = mark->mark != MARK_NONE;
    put(&marks, mark);
  }
  if (file != NULL) fclose(file);
  return good;
}

static char* copy_of(const char* text) {
  const size_t size = strlen(text) + 1;
  return (char*)memcpy(allocate(size, 1), text, size);
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t* info, int argc, char** argv) {
  const char* marks_path = NULL;
  (void)info;
  for (int i = 0; i < argc; ++i) {
    if (strncmp(argv[i], "marks=", 6) == 0) marks_path = copy_of(argv[i] + 6);
    if (strncmp(argv[i], "counts=", 7) == 0) counts_path = copy_of(argv[i] + 7);
  }
  if (marks_path == NULL || counts_path == NULL || !read_marks(marks_path)) {
    fputs("linnet: the emulator's plugin needs marks=FILE and counts=FILE\n", stderr);
    return -1;
  }
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translated);
  return 0;
}
