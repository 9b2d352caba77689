/* NOT FreeRTOS: see FreeRTOS.h of this folder. */
#ifndef FREERTOS_STAND_IN_TASK_H
#define FREERTOS_STAND_IN_TASK_H

#include "FreeRTOS.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef StaticTask_t* TaskHandle_t;
typedef void (*TaskFunction_t)(void*);

TaskHandle_t xTaskCreateStatic(TaskFunction_t function, const char* name, uint32_t stack_words,
                               void* parameters, UBaseType_t priority, StackType_t* stack,
                               StaticTask_t* task);
void vTaskStartScheduler(void);
void vTaskDelay(TickType_t ticks);
TickType_t xTaskGetTickCount(void);
BaseType_t xTaskNotifyGive(TaskHandle_t task);
uint32_t ulTaskNotifyTake(BaseType_t clear, TickType_t ticks); /* portMAX_DELAY only */
/* Words of the task's stack that were never used; NULL is the task that asks. */
UBaseType_t uxTaskGetStackHighWaterMark(TaskHandle_t task);

/* The application's: a task has used more than its stack. */
void vApplicationStackOverflowHook(TaskHandle_t task, char* name);

#ifdef __cplusplus
}
#endif

#endif
