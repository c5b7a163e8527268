// exp, log1p, sin and cos over vectors, each from its textbook reduction and series. Every constant
// is either a Taylor coefficient or a split of ln 2 or π/2, so nothing here has to be believed.
#pragma once

#include "vector.hpp"

#include <jetmlp/types.hpp>

#include <cmath>
#include <numbers>

namespace jetmlp::kernels {

template <class T>
struct FloatFormat;

template <>
struct FloatFormat<float> {
    static constexpr int mantissa_bits = 23;
    static constexpr std::int32_t exponent_bias = 127;
    static constexpr float round_magic = 0x1.8p23F;  // adding it leaves no bits for a fraction
    static constexpr float smallest_exponent = -87.33654F;  // of a normal e^x: ln 2⁻¹²⁶
    static constexpr float ln2_high = 0x1.63p-1F;           // 9 bits: times n ≤ 127 it is exact
    static constexpr float ln2_low = -2.12194440e-4F;       // ln 2 − ln2_high
    static constexpr int exponential_terms = 7;             // 0.347⁷/8! is a quarter of an ulp
    static constexpr int logarithm_terms = 8;               // (1/9)⁸/17 likewise
    static constexpr int sine_terms = 5;
};

template <>
struct FloatFormat<double> {
    static constexpr int mantissa_bits = 52;
    static constexpr std::int64_t exponent_bias = 1023;
    static constexpr double round_magic = 0x1.8p52;
    static constexpr double smallest_exponent = -708.39641853226408;
    static constexpr double ln2_high = 6.93147180369123816490e-01;  // 33 bits
    static constexpr double ln2_low = 1.90821492927058770002e-10;
    static constexpr int exponential_terms = 13;
    static constexpr int logarithm_terms = 17;
    static constexpr int sine_terms = 8;
};

template <class T>
constexpr T inverse_factorial(int k) {
    double factorial = 1;
    for (int factor = 2; factor <= k; ++factor) {
        factorial *= factor;
    }
    return static_cast<T>(1 / factorial);
}

// e^x and e^x − 1 for x ≤ 0, each to full relative accuracy.
template <class T>
struct Exponential {
    Vector<T> exp;
    Vector<T> expm1;
};

// x = n ln 2 + r, |r| ≤ ln 2 / 2, q = e^r − 1 by its Taylor series. Then e^x = 2ⁿ + 2ⁿq and
// e^x − 1 = (2ⁿ − 1) + 2ⁿq: neither cancels. Where e^x would be subnormal it is 0: subnormal
// numbers cost a hundred times as much as others, and nothing here can tell 1e-38 from none.
template <class T>
inline Exponential<T> exponential_of_negative(Vector<T> x) {
    using Format = FloatFormat<T>;
    const Vector<T> smallest = broadcast(Format::smallest_exponent);
    const auto underflows = x < smallest;
    x = underflows ? smallest : x;

    // The integer nearest to x / ln 2 stands in the low bits of `shifted`.
    const Vector<T> magic = broadcast(Format::round_magic);
    const Vector<T> shifted = x * std::numbers::log2e_v<T> + magic;
    const Vector<T> n = shifted - magic;
    const IntegerVector<T> exponent = bits_of<T>(shifted) - bits_of<T>(magic);
    const Vector<T> power =
        from_bits<T>((exponent + Format::exponent_bias) << Format::mantissa_bits);

    const Vector<T> r = (x - n * Format::ln2_high) - n * Format::ln2_low;
    // q = r + r² (1/2! + r/3! + …)
    Vector<T> series = broadcast(inverse_factorial<T>(Format::exponential_terms));
#pragma GCC unroll 16
    for (int k = Format::exponential_terms - 1; k >= 2; --k) {
        series = series * r + inverse_factorial<T>(k);
    }
    const Vector<T> q = r + r * r * series;

    const Vector<T> zero{};
    return {underflows ? zero : power + power * q,
            underflows ? zero - T(1) : (power - T(1)) + power * q};
}

// log(1 + e) for 0 ≤ e ≤ 1: 2 artanh(u) with u = e / (2 + e) ≤ 1/3, all terms positive.
template <class T>
inline Vector<T> log1p_of_fraction(const Vector<T>& e) {
    const Vector<T> u = e / (T(2) + e);
    const Vector<T> u2 = u * u;
    Vector<T> series{};
#pragma GCC unroll 17
    for (int k = FloatFormat<T>::logarithm_terms - 1; k >= 1; --k) {
        series = (series + T(1) / T(2 * k + 1)) * u2;
    }
    return T(2) * (u + u * series);
}

template <class T>
struct SineCosine {
    Vector<T> sin;
    Vector<T> cos;
};

// Beyond this size z has too few fraction bits left for the reduction below; libm takes over.
inline constexpr double largest_reduced_angle = 1.0e6;

// z = n π/2 + r with |r| ≤ π/4, the product subtracted in three parts of π/2, of which the first
// two have 33 bits (Cody and Waite; fdlibm's constants), so that n times them is exact for n < 2²⁰.
// Always in double: a float near a multiple of π would lose all its digits otherwise.
template <class T>
inline SineCosine<T> sine_cosine(const Vector<T>& z) {
    using Format = FloatFormat<T>;
    const Vector<T> magic = broadcast(Format::round_magic);
    const Vector<T> shifted = z * (T(2) * std::numbers::inv_pi_v<T>)+magic;
    const Vector<T> n = shifted - magic;
    const IntegerVector<T> quadrant = bits_of<T>(shifted) - bits_of<T>(magic);

    typedef double Wide __attribute__((vector_size(lanes<T> * sizeof(double))));
    const Wide wide_n = __builtin_convertvector(n, Wide);
    Wide wide_r = __builtin_convertvector(z, Wide) - wide_n * 1.57079632673412561417e+00;
    wide_r -= wide_n * 6.07710050630396597660e-11;
    wide_r -= wide_n * 2.02226624879595063154e-21;
    const Vector<T> r = __builtin_convertvector(wide_r, Vector<T>);

    // sin r = r + r (−r²/3! + r⁴/5! − …), cos r = 1 + (−r²/2! + r⁴/4! − …)
    const Vector<T> r2 = r * r;
    Vector<T> sine_series{};
    Vector<T> cosine_series{};
#pragma GCC unroll 9
    for (int k = Format::sine_terms; k >= 1; --k) {
        const T sign = k % 2 == 0 ? T(1) : T(-1);
        sine_series = (sine_series + sign * inverse_factorial<T>(2 * k + 1)) * r2;
        cosine_series = (cosine_series + sign * inverse_factorial<T>(2 * k)) * r2;
    }
    const Vector<T> sine = r + r * sine_series;
    const Vector<T> cosine = T(1) + cosine_series;

    // Quadrants 1 and 3 exchange sine and cosine; 2 and 3 turn the sine's sign, 1 and 2 the
    // cosine's.
    const auto exchanged = (quadrant & 1) != 0;
    const auto sine_negative = (quadrant & 2) != 0;
    const auto cosine_negative = ((quadrant + 1) & 2) != 0;
    const Vector<T> s = exchanged ? cosine : sine;
    const Vector<T> c = exchanged ? sine : cosine;
    SineCosine<T> result{sine_negative ? -s : s, cosine_negative ? -c : c};

    for (Index lane = 0; lane < lanes<T>; ++lane) {
        if (std::abs(z[lane]) > T(largest_reduced_angle)) [[unlikely]] {
            result.sin[lane] = std::sin(z[lane]);
            result.cos[lane] = std::cos(z[lane]);
        }
    }
    return result;
}

}  // namespace jetmlp::kernels
