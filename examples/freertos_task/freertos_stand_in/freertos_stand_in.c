/* NOT FreeRTOS: see FreeRTOS.h of this folder.

   Tasks run on PSP, handlers on the stack that main() had. PendSV and SysTick have the lowest priority, so neither interrupts
   the other. */
#include "task.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define ICSR REGISTER(0xE000ED04)
#define VTOR REGISTER(0xE000ED08)
#define SHPR3 REGISTER(0xE000ED20)
#define SHCSR REGISTER(0xE000ED24)
#define CFSR REGISTER(0xE000ED28)
#define MMFAR REGISTER(0xE000ED34)
#define SYST_CSR REGISTER(0xE000E010)
#define SYST_RVR REGISTER(0xE000E014)
#define SYST_CVR REGISTER(0xE000E018)
#define MPU_RNR REGISTER(0xE000ED98)
#define MPU_RBAR REGISTER(0xE000ED9C)
#define MPU_RASR REGISTER(0xE000EDA0)

enum { READY, DELAYED, WAITING, ENDED };
enum { MOST_TASKS = 8, GUARD_BYTES = 32, GUARD_REGION = 7, FRAME_WORDS = 17 };
static const uint32_t paint = 0xA5A5A5A5U;

static StaticTask_t *tasks[MOST_TASKS];
static uint32_t task_count;
static StaticTask_t boot, *running = &boot; /* boot: where the scheduler starts from, never to come back */
static volatile TickType_t ticks_now;
static uint32_t vectors[16] __attribute__((aligned(128)));

uint32_t *stand_in_switch(uint32_t *sp);
void stand_in_pendsv(void);
void stand_in_systick(void);
void stand_in_mem_manage(void);
void stand_in_overflow(void);
void stand_in_idle(void *unused);
void stand_in_end(void);

static uint32_t lock(void) {
  uint32_t mask;
  __asm__ volatile("mrs %0, primask\n\tcpsid i" : "=r"(mask)::"memory");
  return mask;
}
static void unlock(uint32_t mask) { __asm__ volatile("msr primask, %0" ::"r"(mask) : "memory"); }

static void yield(void) {
  ICSR = 1U << 28; /* PendSV */
  __asm__ volatile("dsb\n\tisb" ::: "memory");
}

/* The first ready task of the highest priority behind the running one: equals take turns. */
static StaticTask_t *next_task(void) {
  StaticTask_t *best = NULL;
  uint32_t first = 0, i;
  for (i = 0; i < task_count; ++i)
    if (tasks[i] == running) first = i + 1;
  for (i = 0; i < task_count; ++i) {
    StaticTask_t *const task = tasks[(first + i) % task_count];
    if (task->state == READY && (best == NULL || task->priority > best->priority)) best = task;
  }
  return best;
}

/* Called in PendSV with the context of the running task on its stack; gives the stack of the next one. */
uint32_t *stand_in_switch(uint32_t *sp) {
  running->sp = sp;
  running = next_task();
  MPU_RNR = GUARD_REGION;
  MPU_RASR = 0;
  MPU_RBAR = (uint32_t)(uintptr_t)running->stack;
  MPU_RASR = 1U << 28 | 4U << 1 | 1U; /* 32 bytes, no access */
  __asm__ volatile("dsb\n\tisb" ::: "memory");
  return running->sp;
}

/* r0 to r3, r12, lr, pc, xPSR (and s0 to s15, FPSCR when the task used them: bit 4 of lr is 0) are there already. */
__attribute__((naked)) void stand_in_pendsv(void) {
  __asm__ volatile(
      "mrs r0, psp\n\t"
      "tst lr, #16\n\t"
      "it eq\n\t"
      "vstmdbeq r0!, {s16-s31}\n\t"
      "stmdb r0!, {r4-r11, lr}\n\t"
      "bl stand_in_switch\n\t"
      "ldmia r0!, {r4-r11, lr}\n\t"
      "tst lr, #16\n\t"
      "it eq\n\t"
      "vldmiaeq r0!, {s16-s31}\n\t"
      "msr psp, r0\n\t"
      "isb\n\t"
      "bx lr\n");
}

void stand_in_systick(void) {
  uint32_t i;
  ++ticks_now;
  for (i = 0; i < task_count; ++i)
    if (tasks[i]->state == DELAYED && (int32_t)(ticks_now - tasks[i]->wakes_at) >= 0) tasks[i]->state = READY;
  ICSR = 1U << 28;
}

/* A touch of the guard, or an exception whose frame would have lain there: the integer part (MSTKERR), or the floating-point
   part, which the core writes only when the handler uses such registers (MLSPERR). Anything else goes to the board's handler. */
__attribute__((naked)) void stand_in_mem_manage(void) {
  __asm__ volatile(
      "push {r4, lr}\n\t"
      "bl stand_in_overflow\n\t"
      "pop {r4, lr}\n\t"
      "b linnet_fault\n");
}
void stand_in_overflow(void) {
  const uintptr_t guard = (uintptr_t)running->stack;
  const uint32_t status = CFSR, stacking = 3U << 4, address_valid = 1U << 7;
  const int touched = (status & address_valid) != 0 && MMFAR >= guard && MMFAR < guard + GUARD_BYTES;
  if (running != &boot && ((status & stacking) != 0 || touched))
    vApplicationStackOverflowHook(running, (char *)(uintptr_t)running->name);
}

void stand_in_end(void) {
  running->state = ENDED; /* a task's function returned */
  for (;;) yield();
}

void stand_in_idle(void *unused) {
  (void)unused;
  for (;;) __asm__ volatile("wfi");
}

TaskHandle_t xTaskCreateStatic(TaskFunction_t function, const char *name, uint32_t stack_words, void *parameters,
                               UBaseType_t priority, StackType_t *stack, StaticTask_t *task) {
  uint32_t *sp = stack + (stack_words & ~1U);
  uint32_t i;
  if (task_count == MOST_TASKS || ((uintptr_t)stack & (GUARD_BYTES - 1)) != 0) return NULL;
  for (i = 0; i < stack_words; ++i) stack[i] = paint;
  sp -= FRAME_WORDS;
  for (i = 0; i < FRAME_WORDS; ++i) sp[i] = 0;
  sp[8] = 0xFFFFFFFDU; /* back to a task, without floating-point registers */
  sp[9] = (uint32_t)(uintptr_t)parameters;
  sp[14] = (uint32_t)(uintptr_t)stand_in_end;
  sp[15] = (uint32_t)(uintptr_t)function & ~1U;
  sp[16] = 1U << 24; /* Thumb */
  *task = (StaticTask_t){sp, stack, stack_words, priority, 0, 0, READY, name};
  tasks[task_count++] = task;
  return task;
}

static __attribute__((naked, noreturn)) void start_on(uint32_t *psp) {
  (void)psp;
  __asm__ volatile(
      "msr psp, r0\n\t"
      "movs r0, #2\n\t"
      "msr control, r0\n\t"
      "isb\n\t"
      "ldr r0, =0xE000ED04\n\t"
      "mov r1, #0x10000000\n\t"
      "str r1, [r0]\n\t"
      "dsb\n\t"
      "isb\n"
      "1:\n\t"
      "b 1b\n");
}

void vTaskStartScheduler(void) {
  static StaticTask_t idle;
  static StackType_t idle_stack[128] __attribute__((aligned(32))), boot_stack[64] __attribute__((aligned(8)));
  const volatile uint32_t *const flash_vectors = (const volatile uint32_t *)(uintptr_t)VTOR;
  uint32_t i;
  xTaskCreateStatic(stand_in_idle, "idle", 128, NULL, 0, idle_stack, &idle);
  for (i = 0; i < 16; ++i) vectors[i] = flash_vectors[i];
  vectors[4] = (uint32_t)(uintptr_t)stand_in_mem_manage;
  vectors[14] = (uint32_t)(uintptr_t)stand_in_pendsv;
  vectors[15] = (uint32_t)(uintptr_t)stand_in_systick;
  VTOR = (uint32_t)(uintptr_t)vectors;
  SHPR3 = 0xFFFFU << 16;
  SHCSR = SHCSR | 1U << 16; /* memory management faults have a handler of their own */
  SYST_RVR = configCPU_CLOCK_HZ / configTICK_RATE_HZ - 1;
  SYST_CVR = 0;
  SYST_CSR = 7;
  start_on(boot_stack + 64);
}

void vTaskDelay(TickType_t ticks) {
  const uint32_t mask = lock();
  running->wakes_at = ticks_now + ticks;
  running->state = DELAYED;
  unlock(mask);
  yield();
}

TickType_t xTaskGetTickCount(void) { return ticks_now; }

BaseType_t xTaskNotifyGive(TaskHandle_t task) {
  const uint32_t mask = lock();
  ++task->notifications;
  if (task->state == WAITING) task->state = READY;
  unlock(mask);
  if (task->priority > running->priority) yield();
  return pdTRUE;
}

uint32_t ulTaskNotifyTake(BaseType_t clear, TickType_t ticks) {
  uint32_t mask, count;
  (void)ticks;
  for (;;) {
    mask = lock();
    count = running->notifications;
    if (count != 0) break;
    running->state = WAITING;
    unlock(mask);
    yield();
  }
  running->notifications = clear != pdFALSE ? 0 : count - 1;
  unlock(mask);
  return count;
}

UBaseType_t uxTaskGetStackHighWaterMark(TaskHandle_t task) {
  const StaticTask_t *const asked = task == NULL ? running : task;
  const uint32_t guard_words = GUARD_BYTES / 4; /* nobody can read these while the task runs */
  uint32_t unused = guard_words;
  while (unused < asked->stack_words && asked->stack[unused] == paint) ++unused;
  return unused;
}
