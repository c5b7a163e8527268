// The normal distribution over vectors: its bell and its upper tail, which is half of erfc(x/√2).
#pragma once

#include "kernels/elementary.hpp"
#include "kernels/vector.hpp"

#include <cstdint>
#include <iterator>

namespace jetmlp::kernels {

// For x ≥ 0 the tail Q(x) is kept as a ratio to the bell e^(−x²/2), as neither cancels nor
// underflows before its end. With t = (x − 5)/(x + 5), which folds [0, ∞) onto [−1, 1),
//   Q(x) = e^(−x²/2) q(t) / (1 + ¾x)
// with a smooth q, from ½ at x = 0 to ¾/√(2π) at ∞ (Schonfelder, "Chebyshev expansions for the
// error and related functions", Math. Comp. 32, 1978; Shepherd and Laframboise, Math. Comp. 36,
// 1981: theirs is (1 + 2x) e^(x²) erfc x). The coefficients of the powers of t are those of the
// polynomial through the values of q, taken to 60 digits, at the Chebyshev points of x from 0 to
// the border: as many as bring its error below a tenth of an ulp. 5 makes them fall fastest; ¾
// keeps q level near t = −1, where rounding would show most.
inline constexpr double inverse_root_of_two_pi = 0.398942280401432677940;

template <class T>
struct NormalTailSeries;

template <>
struct NormalTailSeries<float> {
    static constexpr float border = 13.146246F;  // beyond, x Q(x) is below 2⁻¹²⁶; rounded down
    static constexpr std::int32_t low_bits = 0xFFF;
    static constexpr float coefficients[] = {
        0.365366698438F,    -0.104528601157F,  0.0522900082555F,   -0.0127191868846F,
        -0.00783762049294F, 0.0125490339561F,  -0.00912418697986F, 0.00429987135221F,
        -0.00122362372409F, 2.00803381115e-5F, 0.000149922821935F};
};

template <>
struct NormalTailSeries<double> {
    static constexpr double border = 37.615868313955991;  // below 2⁻¹⁰²²
    static constexpr std::int64_t low_bits = 0x7FFFFFF;
    static constexpr double coefficients[] = {
        0.3653666986312799056,    -0.1045286001915096118,   0.05228997929097310457,
        -0.01271920502712711986,  -0.007836944153670595914, 0.01254924731139663378,
        -0.009129968914399264012, 0.004296789403294394266,  -0.001202166575154230566,
        3.941297784518274724e-5,  0.0001216437676369343008, -3.996570068501401772e-5,
        -5.761193129412382549e-6, 6.478401408477611854e-6,  -2.206139917713673328e-7,
        -9.217489137769095832e-7, 1.129862552123127027e-7,  1.395924165081385878e-7,
        -1.933134030416899128e-8, -2.280561907698719106e-8, 7.271534309645217799e-10,
        2.951475633416646204e-9,  5.423692197090963247e-10};
};

template <class T, int N>
struct NormalTail {
    Pack<T, N> bell;   // e^(−x²/2), 0 beyond the border
    Pack<T, N> ratio;  // Q(x) / bell
};

// Of 0 ≤ x ≤ border, where `size` is x before it was held there.
template <class T, int N>
[[gnu::always_inline]] inline NormalTail<T, N> normal_tail(const Pack<T, N>& x,
                                                           const Pack<T, N>& size) {
    using Series = NormalTailSeries<T>;
    // An error of x²/2 is one of the bell, relative to it, and grows to hundreds of ulps: so the
    // square comes in two parts. Of x = h + (x − h) with half as many bits in h, h² is exact, and
    // the rest, (x − h)(x + h), is small (Cody 1969; fdlibm's erfc).
    const Pack<T, N> high =
        map([](const Vector<T>& v) { return from_bits<T>(bits_of<T>(v) & ~Series::low_bits); }, x);
    const Pack<T, N> rest = (x - high) * (x + high) * T(0.5);
    const Pack<T, N> bell = exponential_of_minus<1>(high * high * T(0.5), rest).exp;

    const Pack<T, N> t = (x - T(5)) / (x + T(5));
    constexpr int last = static_cast<int>(std::size(Series::coefficients)) - 1;
    Pack<T, N> q = t * Series::coefficients[last] + Series::coefficients[last - 1];
#pragma GCC unroll 24
    for (int k = last - 2; k >= 0; --k) {
        q = q * t + Series::coefficients[k];
    }
    return {zero_beyond(Series::border, size, bell), q / (T(1) + T(0.75) * x)};
}

}  // namespace jetmlp::kernels
