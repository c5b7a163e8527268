// Keeps numbers below the smallest normal one out of a computation.
//
// A saturated network multiplies slopes near zero, and Adam's moments of a weight that no longer
// learns decay by a factor a step: both end among the subnormal numbers, where some processors take
// a hundred times as long, for numbers that nothing here can tell from zero.
#pragma once

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace jetmlp {

// While it lives, subnormal operands and results are zero in this thread. NaN and infinity stay
// what they are. Does nothing on processors other than x86.
class FlushSubnormals {
  public:
#if defined(__SSE2__)
    FlushSubnormals() : before_(_mm_getcsr()) {
        _mm_setcsr(before_ | flush_results | zero_operands);
    }
    ~FlushSubnormals() { _mm_setcsr(before_); }
#else
    FlushSubnormals() = default;
    ~FlushSubnormals() = default;
#endif
    FlushSubnormals(const FlushSubnormals&) = delete;
    FlushSubnormals& operator=(const FlushSubnormals&) = delete;

#if defined(__SSE2__)
  private:
    static constexpr unsigned flush_results = 0x8000;
    static constexpr unsigned zero_operands = 0x0040;
    unsigned before_;
#endif
};

// While it lives, subnormal numbers are what they are: for what is not our computation, below one.
class KeepSubnormals {
  public:
#if defined(__SSE2__)
    KeepSubnormals() : before_(_mm_getcsr()) { _mm_setcsr(before_ & ~(0x8000U | 0x0040U)); }
    ~KeepSubnormals() { _mm_setcsr(before_); }
#else
    KeepSubnormals() = default;
    ~KeepSubnormals() = default;
#endif
    KeepSubnormals(const KeepSubnormals&) = delete;
    KeepSubnormals& operator=(const KeepSubnormals&) = delete;

#if defined(__SSE2__)
  private:
    unsigned before_;
#endif
};

}  // namespace jetmlp
