// Which instruction-set levels this processor and its operating system can run. A module of its
// own, built for the plainest processor, so that asking never executes what is being asked about.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <string>
#include <vector>

namespace {

std::vector<std::string> supported_levels() {
    std::vector<std::string> levels;
#if defined(__x86_64__)
    // Of each level only what sets it apart: no processor has these and lacks the rest (CMPXCHG16B,
    // SSE3; F16C, LZCNT, MOVBE), which not every compiler can ask for.
    __builtin_cpu_init();
    const bool v2 = __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt") &&
                    __builtin_cpu_supports("ssse3");
    const bool v3 = v2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
    const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                    __builtin_cpu_supports("avx512vl");
    if (v4) {
        levels.emplace_back("x86-64-v4");
    }
    if (v3) {
        levels.emplace_back("x86-64-v3");
    }
    if (v2) {
        levels.emplace_back("x86-64-v2");
    }
#else
    levels.emplace_back("generic");
#endif
    return levels;
}

}  // namespace

PYBIND11_MODULE(_cpu, module) {
    module.def("supported_levels", &supported_levels,
               "Instruction-set levels that this processor can run, the highest first.");
}
