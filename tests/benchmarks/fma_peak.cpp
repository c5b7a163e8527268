// What one core can do at most: independent chains of a <- a·b + c, nothing read from or written to
// memory.
//
// Two multiply-adds a cycle with a latency of four cycles need eight chains at the least; twelve
// leave room, and with b and c fit the sixteen vector registers of x86-64-v3. Every chain starts
// from another number, so that no two of them are the same computation; b and c come from the
// caller, so that none is known in advance. The numbers tend to c/(1 - b): neither overflow nor
// denormals.

#include <chrono>

namespace {

#if defined(__AVX512F__)
constexpr int vector_bytes = 64;
#elif defined(__AVX__)
constexpr int vector_bytes = 32;
#else
constexpr int vector_bytes = 16;
#endif
constexpr int chains = 12;
constexpr long repetitions = 100000;

template <typename Real>
double flops_per_second(double seconds, double factor, double term, double* sum) {
    typedef Real Vector __attribute__((vector_size(vector_bytes)));
    constexpr int lanes = vector_bytes / static_cast<int>(sizeof(Real));
    const Vector b = Vector{} + static_cast<Real>(factor);
    const Vector c = Vector{} + static_cast<Real>(term);
    Vector a[chains];
    for (int chain = 0; chain < chains; ++chain)
        for (int lane = 0; lane < lanes; ++lane)
            a[chain][lane] = static_cast<Real>(1 + chain * lanes + lane);

    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    double elapsed = 0.0;
    double flops = 0.0;
    while (elapsed < seconds) {
        for (long i = 0; i < repetitions; ++i) {
#pragma GCC unroll 12
            for (int chain = 0; chain < chains; ++chain) a[chain] = a[chain] * b + c;
        }
        flops += 2.0 * chains * lanes * repetitions;
        elapsed = std::chrono::duration<double>(Clock::now() - start).count();
    }
    // Somebody has to look at every chain, or the compiler may drop it.
    for (int chain = 0; chain < chains; ++chain)
        for (int lane = 0; lane < lanes; ++lane) *sum += static_cast<double>(a[chain][lane]);
    return flops / elapsed;
}

}  // namespace

extern "C" double fma_peak_float32(double seconds, double factor, double term, double* sum) {
    return flops_per_second<float>(seconds, factor, term, sum);
}

extern "C" double fma_peak_float64(double seconds, double factor, double term, double* sum) {
    return flops_per_second<double>(seconds, factor, term, sum);
}
