// exp, log1p, sin and cos over vectors, each from its textbook reduction and series. Every constant
// is either a Taylor coefficient or a split of ln 2 or π/2, so nothing here has to be believed.
#pragma once

#include "kernels/vector.hpp"

#include <jetmlp/machine/types.hpp>

#include <bit>
#include <cmath>
#include <limits>
#include <numbers>

namespace jetmlp::kernels {

template <class T>
struct FloatFormat;

template <>
struct FloatFormat<float> {
    static constexpr int mantissa_bits = 23;
    static constexpr float round_magic = 0x1.8p23F;  // adding it leaves no bits for a fraction
    static constexpr float smallest_exponent = -87.33654F;  // of a normal e^x: ln 2⁻¹²⁶
    static constexpr float largest_lifted = 91.85F;    // x e^−x = 2⁻¹²⁶ at 91.8568, rounded down
    static constexpr float ln2_high = 0x1.63p-1F;      // 9 bits: times n ≤ 127 it is exact
    static constexpr float ln2_low = -2.12194440e-4F;  // ln 2 − ln2_high
    static constexpr int exponential_terms = 7;        // 0.347⁷/8! is a quarter of an ulp
    static constexpr int logarithm_terms = 8;          // (1/9)⁸/17 is a fortieth
    static constexpr int sine_terms = 5;               // (π/4)¹²/12! is a five hundredth
};

template <>
struct FloatFormat<double> {
    static constexpr int mantissa_bits = 52;
    static constexpr double round_magic = 0x1.8p52;
    static constexpr double smallest_exponent = -708.39641853226408;  // ln 2⁻¹⁰²²
    static constexpr double largest_lifted = 714.96;                  // x e^−x = 2⁻¹⁰²² at 714.9687
    static constexpr double ln2_high = 6.93147180369123816490e-01;    // 33 bits
    static constexpr double ln2_low = 1.90821492927058770002e-10;
    static constexpr int exponential_terms = 13;  // 0.347¹³/14! is a tenth of an ulp
    static constexpr int logarithm_terms = 17;    // (1/9)¹⁷/35 is a hundredth
    static constexpr int sine_terms = 8;          // (π/4)¹⁸/18! is a fiftieth
};

template <class T>
constexpr T inverse_factorial(int k) {
    double factorial = 1;
    for (int factor = 2; factor <= k; ++factor) {
        factorial *= factor;
    }
    return static_cast<T>(1 / factorial);
}

template <class T>
inline constexpr auto sign_bit = std::numeric_limits<SignedInteger<T>>::min();

template <class T, int N>
inline Pack<T, N> absolute(const Pack<T, N>& x) {
    return map([](const Vector<T>& v) { return from_bits<T>(bits_of<T>(v) & ~sign_bit<T>); }, x);
}

// |size| with the sign of the other.
template <class T, int N>
inline Pack<T, N> with_sign_of(const Pack<T, N>& sign, const Pack<T, N>& size) {
    return map(
        [](const Vector<T>& of, const Vector<T>& v) {
            return from_bits<T>((bits_of<T>(v) & ~sign_bit<T>) | (bits_of<T>(of) & sign_bit<T>));
        },
        sign, size);
}

// condition[i] < 0 ? yes[i] : no[i], no where the condition is NaN
template <class T, int N>
inline Pack<T, N> where_negative(const Pack<T, N>& condition, const Pack<T, N>& yes,
                                 const Pack<T, N>& no) {
    return map(
        [](const Vector<T>& c, const Vector<T>& y, const Vector<T>& n) { return c < T(0) ? y : n; },
        condition, yes, no);
}

// The smaller of x and the bound; NaN stays NaN.
template <class T, int N>
inline Pack<T, N> at_most(T bound, const Pack<T, N>& x) {
    return map([bound](const Vector<T>& v) { return v > bound ? broadcast(bound) : v; }, x);
}

// x, but 0 where `size` is beyond the bound.
template <class T, int N>
inline Pack<T, N> zero_beyond(T bound, const Pack<T, N>& size, const Pack<T, N>& x) {
    return map(
        [bound](const Vector<T>& s, const Vector<T>& v) { return s > bound ? Vector<T>{} : v; },
        size, x);
}

// e^−x and e^−x − 1 for x ≥ 0, each to full relative accuracy, and e^−x times `lift`, which stays a
// normal number until lift · e^−x is none.
template <class T, int N>
struct Exponential {
    Pack<T, N> exp;
    Pack<T, N> expm1;
    Pack<T, N> lifted;
};
template <class T>
inline constexpr T lift = static_cast<T>(0x1p24);

// Of −cx, c = 1 or 2 (a power of two costs no rounding): −cx = n ln 2 + cr, |cr| ≤ ln 2 / 2, and
// q = e^cr − 1 by its Taylor series Σ cᵏ rᵏ/k!. Then e^−cx = 2ⁿ + 2ⁿq and e^−cx − 1 =
// (2ⁿ − 1) + 2ⁿq: neither cancels. Where the result would be subnormal it is 0: subnormal numbers
// cost a hundred times as much as others, and nothing here can tell 1e-38 from none.
//
// `low`, of either sign, is what is left of x beyond its precision, or a little more: then these
// are the exponentials of −(cx + low).
template <int c, class T, int N>
[[gnu::always_inline]] inline Exponential<T, N> exponential_of_minus(const Pack<T, N>& x,
                                                                     const Pack<T, N>& low = {}) {
    using Format = FloatFormat<T>;
    const Pack<T, N> bounded = at_most(Format::largest_lifted / c, x);

    // The integer nearest to −cx / ln 2 stands in the low bits of `shifted`; moved up, they are
    // added to the exponent of 1 or of another power of two.
    constexpr T magic = Format::round_magic;
    const Pack<T, N> shifted = magic - bounded * (c * std::numbers::log2e_v<T>);
    const Pack<T, N> n = shifted - magic;
    const auto scaled = [&](T number) {
        return map(
            [number](const Vector<T>& s) {
                return from_bits<T>((bits_of<T>(s) << Format::mantissa_bits) +
                                    std::bit_cast<SignedInteger<T>>(number));
            },
            shifted);
    };
    const Pack<T, N> power = zero_beyond(-Format::smallest_exponent / c, x, scaled(T(1)));

    const Pack<T, N> r =
        (-bounded - n * (Format::ln2_high / c)) - low * (T(1) / c) - n * (Format::ln2_low / c);
    // Terms of odd and of even k apart, two chains at a time.
    constexpr int last = Format::exponential_terms;
    const auto term = [](int k) {
        return static_cast<T>(c == 1 ? 1 : 1 << k) * inverse_factorial<T>(k);
    };
    const Pack<T, N> r2 = r * r;
    Pack<T, N> odd = r2 * term(last) + term(last - 2);
    Pack<T, N> even = r2 * term(last - 1) + term(last - 3);
#pragma GCC unroll 16
    for (int k = last - 4; k >= 1; k -= 2) {
        odd = odd * r2 + term(k);
    }
#pragma GCC unroll 16
    for (int k = last - 5; k >= 2; k -= 2) {
        even = even * r2 + term(k);
    }
    const Pack<T, N> q = (odd + even * r) * r;

    const Pack<T, N> lifted_power = scaled(lift<T>);
    return {power + power * q, (power - T(1)) + power * q, lifted_power + lifted_power * q};
}

// log(1 + e) for 0 ≤ e ≤ 1: 2 artanh(u) with u = e / (2 + e) ≤ 1/3, all terms positive.
template <class T, int N>
[[gnu::always_inline]] inline Pack<T, N> log1p_of_fraction(const Pack<T, N>& e) {
    const Pack<T, N> u = e / (T(2) + e);
    const Pack<T, N> u2 = u * u;
    constexpr int last = FloatFormat<T>::logarithm_terms - 1;
    Pack<T, N> series = u2 * (T(1) / T(2 * last + 1));
#pragma GCC unroll 17
    for (int k = last - 1; k >= 1; --k) {
        series = (series + T(1) / T(2 * k + 1)) * u2;
    }
    return T(2) * (u + u * series);
}

template <class T>
struct SineCosine {
    Vector<T> sin;
    Vector<T> cos;
};

// Whether |z| > bound in some lane.
template <class T>
inline bool any_beyond(T bound, const Vector<T>& z) {
    const auto beyond = (z > bound) | (z < -bound);
    std::uint64_t words[vector_bytes / sizeof(std::uint64_t)];
    std::memcpy(words, &beyond, sizeof words);
    std::uint64_t any = 0;
    for (const std::uint64_t word : words) {
        any |= word;
    }
    return any != 0;
}

// Beyond this size z has too few fraction bits left for the reduction below; libm takes over.
inline constexpr double largest_reduced_angle = 1.0e6;

// z = n π/2 + r with |r| ≤ π/4, the product subtracted in three parts of π/2, of which the first
// two have 33 bits (Cody and Waite; fdlibm's constants), so that n times them is exact for n < 2²⁰.
// Always in double: a float near a multiple of π would lose all its digits otherwise.
template <class T>
[[gnu::always_inline]] inline SineCosine<T> sine_cosine(const Vector<T>& z) {
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

    if (any_beyond(T(largest_reduced_angle), z)) [[unlikely]] {
        for (Index lane = 0; lane < lanes<T>; ++lane) {
            if (std::abs(z[lane]) > T(largest_reduced_angle)) {
                result.sin[lane] = std::sin(z[lane]);
                result.cos[lane] = std::cos(z[lane]);
            }
        }
    }
    return result;
}

}  // namespace jetmlp::kernels
