/* NOT FreeRTOS. A stand-in, written for this example, for the handful of FreeRTOS's calls that it makes, so that it runs in the
   emulator without FreeRTOS's sources. Names, types and meanings are FreeRTOS's: with the real kernel's include folders in the
   place of this one, application.cpp compiles as it is.

   freertos_stand_in.c schedules by priority with preemption by SysTick, switches in PendSV with the lazy floating-point frame,
   as FreeRTOS's port for the Cortex-M7 does; so a task's stack holds what it holds there. What it has beyond that: an MPU
   region denies access to the lowest 32 bytes of the running task's stack (FreeRTOS-MPU and other kernels have such a guard). */
#ifndef FREERTOS_STAND_IN_FREERTOS_H
#define FREERTOS_STAND_IN_FREERTOS_H

#include <stddef.h>
#include <stdint.h>

#include "FreeRTOSConfig.h"

typedef uint32_t StackType_t;
typedef long BaseType_t;
typedef unsigned long UBaseType_t;
typedef uint32_t TickType_t;

#define pdFALSE ((BaseType_t)0)
#define pdTRUE ((BaseType_t)1)
#define portMAX_DELAY ((TickType_t)0xFFFFFFFFUL)
#define pdMS_TO_TICKS(ms) ((TickType_t)(((uint64_t)(ms)*configTICK_RATE_HZ) / 1000U))

/* What the kernel keeps of a task: the caller's memory. */
typedef struct StaticTask {
  uint32_t* sp; /* where the switched-out context lies; first, for the switch */
  StackType_t* stack;
  uint32_t stack_words;
  UBaseType_t priority;
  TickType_t wakes_at;
  uint32_t notifications;
  int state;
  const char* name;
} StaticTask_t;

#endif
