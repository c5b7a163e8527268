// σ and its first three derivatives at a vector of z, one struct per activation. What is not asked
// for is not computed: every function is inlined where its result is stored or dropped.
#pragma once

#include "elementary.hpp"
#include "vector.hpp"

#include <jetmlp/activation.hpp>

#include <stdexcept>

namespace jetmlp::kernels {

// σ(z), σ'(z), σ''(z), σ'''(z)
template <class T>
struct ActivationJet {
    Vector<T> a;
    Vector<T> s1;
    Vector<T> s2;
    Vector<T> s3;
};

template <class T>
inline Vector<T> absolute(const Vector<T>& z) {
    return z < T(0) ? -z : z;
}

struct Tanh {
    // With e = exp(−2|z|), p = e − 1: |a| = −p/(2+p), σ' = 1 − a² = 4e/(2+p)², which does not
    // cancel as 1 − a² would; σ'' = −2aσ'; σ''' = σ'(4 − 6σ').
    template <class T>
    static ActivationJet<T> at(const Vector<T>& z) {
        const auto [e, p] = exponential_of_negative<T>(T(-2) * absolute<T>(z));
        const Vector<T> inverse = T(1) / (T(2) + p);
        const Vector<T> size = -p * inverse;
        const Vector<T> a = z < T(0) ? -size : size;
        const Vector<T> s = T(4) * e * (inverse * inverse);
        return {a, s, T(-2) * a * s, s * (T(4) - T(6) * s)};
    }
};

// The logistic function g, its slope s = g(1−g), and t = 1 − 2g = −tanh(z/2), none of which
// cancels.
template <class T>
struct Logistic {
    Vector<T> g;
    Vector<T> s;
    Vector<T> t;
    Vector<T> e;  // exp(−|z|)
};

template <class T>
inline Logistic<T> logistic(const Vector<T>& z) {
    const auto negative = z < T(0);
    const auto [e, p] = exponential_of_negative<T>(-absolute<T>(z));
    const Vector<T> inverse = T(1) / (T(2) + p);
    const Vector<T> t = p * inverse;
    return {negative ? e * inverse : inverse, e * (inverse * inverse), negative ? -t : t, e};
}

struct Sigmoid {
    // σ' = s, σ'' = s t, σ''' = s(1 − 6s)
    template <class T>
    static ActivationJet<T> at(const Vector<T>& z) {
        const auto [g, s, t, e] = logistic<T>(z);
        return {g, s, s * t, s * (T(1) - T(6) * s)};
    }
};

struct Softplus {
    // a = log(1 + exp z) = max(z, 0) + log(1 + exp(−|z|)); its slope is the logistic function.
    template <class T>
    static ActivationJet<T> at(const Vector<T>& z) {
        const auto [g, s, t, e] = logistic<T>(z);
        const Vector<T> zero{};
        return {(z < zero ? zero : z) + log1p_of_fraction<T>(e), g, s, s * t};
    }
};

struct Silu {
    // a = z g, σ' = g + z s, σ'' = 2s + z s t, σ''' = 3 s t + z s(1 − 6s). Where s has underflowed
    // to 0, z is held at the border, so that an infinite z does not meet a zero.
    template <class T>
    static ActivationJet<T> at(const Vector<T>& z) {
        const auto [g, s, t, e] = logistic<T>(z);
        const Vector<T> border = broadcast(FloatFormat<T>::smallest_exponent - T(1));
        const Vector<T> bounded_below = z < border ? border : z;
        const Vector<T> bounded = bounded_below > -border ? -border : bounded_below;
        return {bounded_below * g, g + bounded * s, s * (T(2) + bounded * t),
                s * (T(3) * t + bounded * (T(1) - T(6) * s))};
    }
};

struct Sine {
    template <class T>
    static ActivationJet<T> at(const Vector<T>& z) {
        const auto [sine, cosine] = sine_cosine<T>(z);
        return {sine, cosine, -sine, -cosine};
    }
};

struct Relu {
    // The slope at 0 is taken as 0. Written with ≤ so that NaN stays NaN.
    template <class T>
    static ActivationJet<T> at(const Vector<T>& z) {
        const Vector<T> zero{};
        return {z <= zero ? zero : z, z <= zero ? zero : zero + T(1), zero, zero};
    }
};

struct Identity {
    template <class T>
    static ActivationJet<T> at(const Vector<T>& z) {
        const Vector<T> zero{};
        return {z, zero + T(1), zero, zero};
    }
};

// Calls visitor(Tanh{}) and so on: the one place where a name becomes code.
template <class Visitor>
decltype(auto) visit(Activation activation, Visitor&& visitor) {
    switch (activation) {
        case Activation::tanh:
            return visitor(Tanh{});
        case Activation::relu:
            return visitor(Relu{});
        case Activation::sigmoid:
            return visitor(Sigmoid{});
        case Activation::softplus:
            return visitor(Softplus{});
        case Activation::silu:
            return visitor(Silu{});
        case Activation::sin:
            return visitor(Sine{});
        case Activation::identity:
            return visitor(Identity{});
    }
    throw std::logic_error("activation: not an enumerator");
}

}  // namespace jetmlp::kernels
