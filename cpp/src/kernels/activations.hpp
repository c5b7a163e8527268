// σ and its first three derivatives at a vector of z, one struct per activation. What is not asked
// for is not computed: every function is inlined where its result is stored or dropped.
#pragma once

#include "kernels/elementary.hpp"
#include "kernels/normal_tail.hpp"
#include "kernels/vector.hpp"

#include <array>
#include <stdexcept>
#include <string_view>

namespace jetmlp::kernels {

// σ(z), σ'(z), σ''(z), σ'''(z)
template <class T, int N>
struct ActivationJet {
    Pack<T, N> a;
    Pack<T, N> s1;
    Pack<T, N> s2;
    Pack<T, N> s3;
};

// An activation is a struct with
//   name                 what users call it
//   pack                 how many vectors it takes at a time: see Pack, and below
//   is_curved            whether σ'' is anything but 0 (and impulses in single points)
//   at(z)                the jet
//   curvature(a, s1)     only where σ'' follows from σ and σ': nothing needs to be kept of it then
//                        between the forward and the backward pass
// and a place in the list at the end. A new one needs nothing else.

// What needs more registers than 16 for itself takes one vector at a time.
inline constexpr int small_pack = 4;
inline constexpr int large_pack = vector_bytes == 64 ? 4 : 1;

template <class Sigma, class V>
concept CurvatureFollows = requires(const V& v) { Sigma::curvature(v, v); };

struct Tanh {
    static constexpr std::string_view name = "tanh";
    static constexpr int pack = small_pack;
    static constexpr bool is_curved = true;
    // With e = exp(−2|z|), p = e − 1, h = 1/(2+p): |a| = −p h, σ' = 1 − a² = e (2h)², which does
    // not cancel as 1 − a² would; σ'' = −2aσ'; σ''' = σ'(4 − 6σ').
    template <class T, int N>
    [[gnu::always_inline]] static ActivationJet<T, N> at(const Pack<T, N>& z) {
        const auto [e, p, lifted] = exponential_of_minus<2>(absolute(z));
        const Pack<T, N> h = T(1) / (T(2) + p);
        const Pack<T, N> a = with_sign_of(z, p * h);
        const Pack<T, N> s = e * ((h + h) * (h + h));
        return {a, s, -(a + a) * s, s * (T(4) - T(6) * s)};
    }
    template <class V>
    static V curvature(const V& a, const V& s1) {
        return -(a + a) * s1;
    }
};

// The logistic function g, its slope s = g(1−g), and t = 1 − 2g = −tanh(z/2), none of which
// cancels.
template <class T, int N>
struct Logistic {
    Pack<T, N> g;
    Pack<T, N> s;
    Pack<T, N> t;
    Pack<T, N> e;        // exp(−|z|)
    Pack<T, N> lifted;   // e · lift
    Pack<T, N> inverse;  // 1/(1+e)
};

template <class T, int N>
[[gnu::always_inline]] inline Logistic<T, N> logistic(const Pack<T, N>& z) {
    const auto [e, p, lifted] = exponential_of_minus<1>(absolute(z));
    const Pack<T, N> inverse = T(1) / (T(2) + p);
    return {where_negative(z, e * inverse, inverse),
            e * (inverse * inverse),
            with_sign_of(-z, p * inverse),
            e,
            lifted,
            inverse};
}

struct Sigmoid {
    static constexpr std::string_view name = "sigmoid";
    static constexpr int pack = small_pack;
    static constexpr bool is_curved = true;
    // σ' = s, σ'' = s t, σ''' = s(1 − 6s)
    template <class T, int N>
    [[gnu::always_inline]] static ActivationJet<T, N> at(const Pack<T, N>& z) {
        const Logistic<T, N> l = logistic(z);
        return {l.g, l.s, l.s * l.t, l.s * (T(1) - T(6) * l.s)};
    }
    template <class V>
    static V curvature(const V& a, const V& s1) {
        return s1 - (a + a) * s1;
    }
};

struct Softplus {
    static constexpr std::string_view name = "softplus";
    static constexpr int pack = large_pack;
    static constexpr bool is_curved = true;
    // a = log(1 + exp z) = max(z, 0) + log(1 + exp(−|z|)); its slope is the logistic function.
    template <class T, int N>
    [[gnu::always_inline]] static ActivationJet<T, N> at(const Pack<T, N>& z) {
        const Logistic<T, N> l = logistic(z);
        const Pack<T, N> zero{};
        return {where_negative(z, zero, z) + log1p_of_fraction(l.e), l.g, l.s, l.s * l.t};
    }
    template <class V>
    static V curvature(const V& /*a*/, const V& s1) {
        return s1 - s1 * s1;
    }
};

struct Silu {
    static constexpr std::string_view name = "silu";
    static constexpr int pack = large_pack;
    static constexpr bool is_curved = true;
    // a = z g, σ' = g + z s, σ'' = 2s + z s t, σ''' = 3 s t + z s(1 − 6s). For z < 0, g = e/(1+e)
    // underflows before z g does, so e comes lifted. In the derivatives z is held at a border
    // beyond which s = 0, so that an infinite z does not meet a zero.
    template <class T, int N>
    [[gnu::always_inline]] static ActivationJet<T, N> at(const Pack<T, N>& z) {
        constexpr T border = FloatFormat<T>::largest_lifted;
        const auto [g, s, t, e, lifted, inverse] = logistic(z);
        const Pack<T, N> size = absolute(z);
        const Pack<T, N> bounded = with_sign_of(z, at_most(border, size));
        const Pack<T, N> negative =
            zero_beyond(border, size, bounded * inverse * lifted * (T(1) / lift<T>));
        return {where_negative(z, negative, z * inverse), g + bounded * s, s * (T(2) + bounded * t),
                s * (T(3) * t + bounded * (T(1) - T(6) * s))};
    }
};

struct Gelu {
    static constexpr std::string_view name = "gelu";
    static constexpr int pack = large_pack;
    static constexpr bool is_curved = true;
    // a = z Φ(z) with the normal distribution Φ and its density φ = e^(−z²/2)/√(2π) (Hendrycks and
    // Gimpel 2016; exact, not their approximation by tanh). With the upper tail Q:
    // Φ(z) = Q(|z|) for z < 0, 1 − Q(z) otherwise, so that nothing cancels.
    //   σ' = Φ + zφ, σ'' = (2 − z²)φ, σ''' = z(z² − 4)φ
    // z is held at the border beyond which a, for z < 0, is below the normal numbers and φ taken as
    // 0.
    template <class T, int N>
    [[gnu::always_inline]] static ActivationJet<T, N> at(const Pack<T, N>& z) {
        constexpr T border = NormalTailSeries<T>::border;
        const Pack<T, N> size = absolute(z);
        const Pack<T, N> x = at_most(border, size);
        const auto [bell, ratio] = normal_tail(x, size);
        const Pack<T, N> tail = ratio * bell;
        const Pack<T, N> part = x * ratio * bell;  // |z| Q(|z|)
        const Pack<T, N> bounded = with_sign_of(z, x);
        const Pack<T, N> square = x * x;
        const Pack<T, N> density = bell * T(inverse_root_of_two_pi);
        return {where_negative(z, -part, z - part),
                where_negative(z, tail, T(1) - tail) + bounded * density, density * (T(2) - square),
                density * bounded * (square - T(4))};
    }
};

struct Sine {
    static constexpr std::string_view name = "sin";
    static constexpr int pack = 1;  // its reduction runs in double
    static constexpr bool is_curved = true;
    template <class T, int N>
    [[gnu::always_inline]] static ActivationJet<T, N> at(const Pack<T, N>& z) {
        static_assert(N == 1);
        const auto [sine, cosine] = sine_cosine<T>(z.part[0]);
        return {{sine}, {cosine}, {-sine}, {-cosine}};
    }
    template <class V>
    static V curvature(const V& a, const V& /*s1*/) {
        return -a;
    }
};

struct Relu {
    static constexpr std::string_view name = "relu";
    static constexpr int pack = small_pack;
    static constexpr bool is_curved = false;
    // The slope at 0 is taken as 0. Written with ≤ so that NaN stays NaN.
    template <class T, int N>
    [[gnu::always_inline]] static ActivationJet<T, N> at(const Pack<T, N>& z) {
        const Pack<T, N> zero{};
        const auto where_positive = [](const Vector<T>& v, const Vector<T>& x) {
            return v <= T(0) ? Vector<T>{} : x;
        };
        return {map(where_positive, z, z), map(where_positive, z, zero + T(1)), zero, zero};
    }
    template <class V>
    static V curvature(const V& /*a*/, const V& /*s1*/) {
        return V{};
    }
};

struct Identity {
    static constexpr std::string_view name = "identity";
    static constexpr int pack = small_pack;
    static constexpr bool is_curved = false;
    template <class T, int N>
    [[gnu::always_inline]] static ActivationJet<T, N> at(const Pack<T, N>& z) {
        const Pack<T, N> zero{};
        return {z, zero + T(1), zero, zero};
    }
    template <class V>
    static V curvature(const V& /*a*/, const V& /*s1*/) {
        return V{};
    }
};

template <class... Sigmas>
struct ActivationList {
    static constexpr std::array<std::string_view, sizeof...(Sigmas)> names = {Sigmas::name...};

    template <class Visitor>
    static void visit(int number, const Visitor& visitor) {
        int place = 0;
        if (!((place++ == number && (visitor(Sigmas{}), true)) || ...)) {
            throw std::logic_error("activation: not a place in the list");
        }
    }
};

// All of them: the order gives each its number, and everything else about them follows from here.
using Activations = ActivationList<Tanh, Relu, Sigmoid, Softplus, Silu, Gelu, Sine, Identity>;

// Calls visitor(Tanh{}) and so on: the one place where a number becomes code. A place is the
// enumeration that the network names it by, which nothing here needs to know.
template <class Place, class Visitor>
void visit(Place activation, const Visitor& visitor) {
    Activations::visit(static_cast<int>(activation), visitor);
}

template <class Place>
bool is_curved(Place activation) {
    bool curved = true;
    visit(activation, [&curved]<class Sigma>(Sigma) { curved = Sigma::is_curved; });
    return curved;
}

}  // namespace jetmlp::kernels
