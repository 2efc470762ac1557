// What libFuzzer offers to programs that have a main function of their own (llvm.org/docs/LibFuzzer.html).
#include <stddef.h>
#include <stdint.h>

typedef int (*FuzzedFunction)(const uint8_t *data, size_t size);

int LLVMFuzzerRunDriver(int *argc, char ***argv, FuzzedFunction fuzzed);
