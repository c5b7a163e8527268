// Which of the instruction-set levels of the x86-64 psABI a processor and its operating system can
// run.
//
// Asked of the processor itself, not by __builtin_cpu_supports, which needs a runtime library to
// have filled its table and which not every build by Clang links.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace jetmlp {

// What a processor says of itself, and which registers the operating system keeps for a program.
struct ProcessorFlags {
    std::uint32_t basic = 0;       // CPUID, leaf 1: ECX
    std::uint32_t structured = 0;  // CPUID, leaf 7: EBX
    std::uint32_t extended = 0;    // CPUID, leaf 0x80000001: ECX
    std::uint64_t saved = 0;       // XGETBV: XCR0
};

namespace processor_bits {

constexpr std::uint64_t bits(std::initializer_list<int> numbers) {
    std::uint64_t all = 0;
    for (const int number : numbers) {
        all |= std::uint64_t{1} << number;
    }
    return all;
}

// SSE3, SSSE3, CMPXCHG16B, SSE4.1, SSE4.2, POPCNT; LAHF and SAHF.
inline constexpr std::uint64_t basic_v2 = bits({0, 9, 13, 19, 20, 23});
inline constexpr std::uint64_t extended_v2 = bits({0});

// FMA, MOVBE, AVX, F16C, and OSXSAVE, without which XGETBV cannot be asked; BMI1, AVX2, BMI2;
// LZCNT.
inline constexpr int os_xsave = 27;
inline constexpr std::uint64_t basic_v3 = bits({12, 22, os_xsave, 28, 29});
inline constexpr std::uint64_t structured_v3 = bits({3, 5, 8});
inline constexpr std::uint64_t extended_v3 = bits({5});
inline constexpr std::uint64_t saved_v3 = bits({1, 2});  // xmm, the upper halves of ymm

// AVX-512 F, DQ, CD, BW, VL.
inline constexpr std::uint64_t structured_v4 = bits({16, 17, 28, 30, 31});
inline constexpr std::uint64_t saved_v4 =
    bits({5, 6, 7});  // masks, the upper halves of zmm, zmm16 to zmm31

}  // namespace processor_bits

// The highest level first; none for a processor older than x86-64-v2.
inline std::vector<std::string> levels_of(const ProcessorFlags& flags) {
    using namespace processor_bits;
    const auto has = [](std::uint64_t found, std::uint64_t wanted) {
        return (found & wanted) == wanted;
    };
    const bool v2 = has(flags.basic, basic_v2) && has(flags.extended, extended_v2);
    const bool v3 = v2 && has(flags.basic, basic_v3) && has(flags.structured, structured_v3) &&
                    has(flags.extended, extended_v3) && has(flags.saved, saved_v3);
    const bool v4 = v3 && has(flags.structured, structured_v4) && has(flags.saved, saved_v4);
    std::vector<std::string> levels;
    if (v4) {
        levels.emplace_back("x86-64-v4");
    }
    if (v3) {
        levels.emplace_back("x86-64-v3");
    }
    if (v2) {
        levels.emplace_back("x86-64-v2");
    }
    return levels;
}

#if defined(__x86_64__)
inline ProcessorFlags processor_flags() {
    ProcessorFlags flags;
    std::uint32_t a = 0;
    std::uint32_t b = 0;
    std::uint32_t c = 0;
    std::uint32_t d = 0;
    if (__get_cpuid(1, &a, &b, &c, &d) != 0) {
        flags.basic = c;
    }
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d) != 0) {
        flags.structured = b;
    }
    if (__get_cpuid(0x80000001U, &a, &b, &c, &d) != 0) {
        flags.extended = c;
    }
    if ((flags.basic >> processor_bits::os_xsave & 1U) != 0) {
        std::uint32_t low = 0;
        std::uint32_t high = 0;
        // The intrinsic would have to be compiled for a processor that has the instruction.
        __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
        flags.saved = std::uint64_t{high} << 32U | low;
    }
#if defined(__APPLE__)
    // macOS begins to keep these registers when a program first uses them, and always can.
    if ((flags.structured & processor_bits::structured_v4) == processor_bits::structured_v4) {
        flags.saved |= processor_bits::saved_v4;
    }
#endif
    return flags;
}
#endif

// The levels that the processor at hand can run, the highest first.
inline std::vector<std::string> supported_levels() {
#if defined(__x86_64__)
    return levels_of(processor_flags());
#else
    return {"generic"};
#endif
}

}  // namespace jetmlp
